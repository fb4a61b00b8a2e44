/** [Try]'s worker: holds a model from a file that was dropped, answers pictures with it, and says where it looked. */
import { classify, decodeModelFile, gradCam, setBackend } from "tensorone";
import type { Classified } from "../../protocol.js";
import type { LoadedInfo, TryAnswer, TryRequest } from "./messages.js";

let loaded: ReturnType<typeof decodeModelFile> | null = null;

async function load(file: Blob, name: string): Promise<LoadedInfo> {
  const next = decodeModelFile(new Uint8Array(await file.arrayBuffer()), name);
  loaded?.model.dispose();
  loaded = next;
  const { model, numClasses, images } = next.info;
  return { name, model, classes: numClasses, imageSize: images?.evalSize ?? null };
}

async function answer(file: Blob, topK: number): Promise<Classified> {
  if (loaded === null) throw new Error("no model is loaded, expected a .safetensors or .pth file first");
  const start = performance.now();
  const found = await classify(loaded, file, { topK });
  const ms = performance.now() - start;
  const { map } = await gradCam(loaded, file, { class: found[0]!.index });
  const scores = found.map(({ index, label, score }) => ({ class: index, label: label ?? `class ${index}`, score }));
  return { scores, heat: { width: map.width, height: map.height, values: Float32Array.from(map.values) }, ms };
}

/** One after the other: a model answers one picture at a time. */
let last: Promise<unknown> = setBackend("wasm", {
  threads: crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1,
});

self.onmessage = ({ data }: MessageEvent<TryRequest>) => {
  const work = last.then(
    (): Promise<LoadedInfo | Classified> =>
      data.kind === "load" ? load(data.file, data.name) : answer(data.file, data.topK),
  );
  last = work.then(
    (found) => postMessage({ id: data.id, answer: found } satisfies TryAnswer),
    (error: unknown) =>
      postMessage({ id: data.id, error: error instanceof Error ? error.message : String(error) } satisfies TryAnswer),
  );
};
