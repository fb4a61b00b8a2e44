/** [Try]'s worker: holds a model from a file that was dropped, answers pictures with it, and says where it looked. */
import { classify, gradCam, io, models, setBackend } from "tensorone";
import type { Classified } from "../../protocol.js";
import type { LoadedInfo, TryAnswer, TryRequest } from "./messages.js";

interface Loaded {
  readonly model: models.Classifier;
  readonly classNames: readonly string[];
  readonly imageSize: number;
  readonly resizeSize: number;
}
let loaded: Loaded | null = null;

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

/** What a file of ours says of itself; nothing where it says none or nonsense. */
function said(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

async function load(file: Blob, name: string): Promise<LoadedInfo> {
  const { entries, metadata } = io.decodeWeights(new Uint8Array(await file.arrayBuffer()), name);
  const found = io.recognizeModel(entries);
  if (!found) throw new Error(`${name}: its ${entries.size} entries are no model that is known here`);
  const { model: variant, numClasses, inChannels = 3, form } = found;
  const model = models.createModel(variant, { numClasses, inChannels, deploy: form === "deploy", init: "zeros" });
  io.loadFileEntries(model, entries, name);
  loaded?.model.dispose();
  const names = said(metadata.classes);
  const images = (said(metadata.images) ?? {}) as { readonly evalSize?: number; readonly evalResize?: number };
  const imageSize = images.evalSize ?? 224;
  loaded = {
    model: model.eval(),
    classNames:
      isNames(names) && names.length === numClasses
        ? names
        : Array.from({ length: numClasses }, (_, i) => `class ${i}`),
    imageSize,
    resizeSize: images.evalResize ?? Math.round((imageSize * 256) / 224),
  };
  return { name, model: variant, classes: numClasses, imageSize };
}

async function answer(file: Blob, topK: number): Promise<Classified> {
  if (loaded === null) throw new Error("no model is loaded, expected a .safetensors or .pth file first");
  const { model, ...options } = loaded;
  const start = performance.now();
  const found = await classify(model, file, { ...options, topK });
  const ms = performance.now() - start;
  const { map } = await gradCam(model, file, { ...options, class: found[0]!.index });
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
