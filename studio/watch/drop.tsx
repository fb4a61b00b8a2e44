/** Runs without a server: folders that are dropped or chosen, read in this tab. */
import { useEffect } from "preact/hooks";
import { notices, spoken } from "../ui/session/state.js";
import { addRuns, chosenFiles, type DroppedFile, droppedFiles } from "./dropped-runs.js";

const NONE = "No run there: a run's folder holds a log.jsonl.";
const folderInput = { webkitdirectory: true };
const plural = (n: number): string => `${n} ${n === 1 ? "run" : "runs"}`;

async function take(files: readonly DroppedFile[]): Promise<void> {
  const n = await addRuns(files);
  if (n > 0) spoken.value = `${plural(n)} read.`;
  else if (!notices.value.includes(NONE)) notices.value = [...notices.value, NONE];
}

export function useDroppedRuns(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(take);
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, [isOn]);
}

export function ChooseRuns({ text }: { readonly text: string }) {
  return (
    <label class="button file">
      {text}
      <input
        type="file"
        class="unseen"
        multiple
        {...folderInput}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          void take(chosenFiles(files));
        }}
      />
    </label>
  );
}
