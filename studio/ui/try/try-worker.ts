/** [Try]'s worker: holds a model from a file that was dropped, answers pictures with it, and says where it looked. */
import { setBackend } from "tensorone";
import { TensoroneError } from "../../../src/util/errors.js";
import type { Classified } from "../../protocol.js";
import type { LoadedInfo, TryAnswer, TryRequest } from "./messages.js";
import { type TriedModel, triedAnswer, triedModel } from "./tried-model.js";

let model: TriedModel | null = null;

/** A file that is none leaves the model that was there. */
async function load(file: Blob, name: string): Promise<LoadedInfo> {
  const next = triedModel(new Uint8Array(await file.arrayBuffer()), name);
  model?.dispose();
  model = next;
  return { name, ...next.info };
}

async function answer(file: Blob, topK: number): Promise<Classified> {
  if (model === null)
    throw new TensoroneError("no model is loaded, expected a file of one first", "drop a .safetensors file");
  return triedAnswer(model, file, topK);
}

/** One line, and what would work. */
function wordsOf(error: unknown): { readonly error: string; readonly hint: string | null } {
  if (error instanceof TensoroneError) return { error: error.summary, hint: error.hint ?? null };
  return { error: error instanceof Error ? error.message : String(error), hint: null };
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
    (error: unknown) => postMessage({ id: data.id, ...wordsOf(error) } satisfies TryAnswer),
  );
};
