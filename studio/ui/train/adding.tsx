/** The ways in: a drop anywhere on the page, a folder, pictures, a camera, samples. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Found, fromDrop, fromInput, gathered } from "../files/gather.js";
import { add, takeBase } from "../session/actions.js";
import { failure } from "../session/state.js";

/** While something is being dragged over the page. */
export const isDragging = signal(false);

async function take(found: Promise<Found[]> | Found[], own: string | null = null): Promise<void> {
  try {
    const { pictures, weights, leftOut } = await gathered(await found, own);
    if (weights) await takeBase(weights);
    if (pictures.length > 0 || leftOut > 0) await add(pictures, leftOut);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    failure.value = { code: "data", text, hint: "folders, JPEG, PNG or WebP pictures, a zip of them", canResume: true };
  }
}

const ownSample = { path: "samples.zip", type: "application/zip" } as const;

/** Forty small photographs of five classes, from beside the page. */
async function samples(): Promise<Found[]> {
  const answer = await fetch(new URL(ownSample.path, document.baseURI));
  if (!answer.ok) throw new Error(`samples: the page's address answered ${answer.status}`);
  return [{ path: ownSample.path, file: new File([await answer.blob()], ownSample.path, { type: ownSample.type }) }];
}

/** Pictures may be dropped anywhere; on the name of a class they take it. */
export function usePageDrop(): void {
  useEffect(() => {
    let depth = 0;
    const isFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const listeners = {
      dragenter: (event: DragEvent) => {
        if (!isFiles(event)) return;
        depth += 1;
        isDragging.value = true;
      },
      dragleave: () => {
        depth = Math.max(0, depth - 1);
        isDragging.value = depth > 0;
      },
      dragover: (event: DragEvent) => {
        if (isFiles(event)) event.preventDefault();
      },
      drop: (event: DragEvent) => {
        depth = 0;
        isDragging.value = false;
        if (!isFiles(event)) return;
        event.preventDefault();
        const onto = (event.target as Element).closest<HTMLElement>("[data-class]")?.dataset.class ?? null;
        void take(fromDrop(event.dataTransfer!), onto);
      },
    } as const;
    const pairs = Object.entries(listeners) as [keyof typeof listeners, (event: DragEvent) => void][];
    for (const [name, listener] of pairs) addEventListener(name, listener);
    return () => {
      for (const [name, listener] of pairs) removeEventListener(name, listener);
      isDragging.value = false;
    };
  }, []);
}

interface InputProps {
  readonly text: string;
  readonly kind: "folder" | "files" | "camera";
  readonly isMain?: boolean;
}

const attributes = {
  folder: { webkitdirectory: true },
  files: { accept: "image/*,.zip,.safetensors,.pth,.pt" },
  camera: { accept: "image/*", capture: "environment" },
} as const;

/** A file input that looks like the page's buttons; the input itself has the focus. */
function FileButton({ text, kind, isMain = false }: InputProps) {
  return (
    <label class={isMain ? "button file main" : "button file"}>
      {text}
      <input
        type="file"
        multiple
        class="unseen"
        {...attributes[kind]}
        onChange={(event) => {
          const found = fromInput(event.currentTarget);
          event.currentTarget.value = "";
          void take(found);
        }}
      />
    </label>
  );
}

export function AddButtons({ hasSamples = false }: { hasSamples?: boolean }) {
  return (
    <div class="row">
      <FileButton text="Choose a folder" kind="folder" isMain={hasSamples} />
      <FileButton text="Choose pictures" kind="files" />
      <FileButton text="Camera" kind="camera" />
      {hasSamples && (
        <button type="button" class="plain" onClick={() => void take(samples())}>
          Use 40 sample pictures
        </button>
      )}
    </div>
  );
}
