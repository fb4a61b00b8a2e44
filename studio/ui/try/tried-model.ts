/** A model from a dropped file, by the kind of the file: what it is for, its answers with their latency, and where it looked. */
import { decodeModelFile, decodeOnnx, gradCam, imagenetMean, imagenetStd, readImage } from "tensorone";
import type { Image } from "../../../src/data/codecs/image.js";
import { sizesOf } from "../../../src/train/looking/seen-picture.js";
import { TensoroneError } from "../../../src/util/errors.js";
import type { Classified, Heat } from "../../protocol.js";
import { type Asked, scoresOf } from "../../worker/exports/look.js";
import type { LoadedInfo } from "./messages.js";

/** Something that answers pictures; `dispose` lets go of its memory. */
export interface TriedModel {
  readonly info: Omit<LoadedInfo, "name">;
  readonly asked: Asked;
  /** Null where the form has no gradients. */
  heat(image: Image, best: number): Promise<Heat | null>;
  dispose(): void;
}

const numbered = (names: readonly string[] | null, count: number): readonly string[] =>
  names ?? Array.from({ length: count }, (_, i) => `class ${i}`);

/** .safetensors and .pth, of this library and of others. */
function fromWeights(bytes: Uint8Array, name: string): TriedModel {
  const loaded = decodeModelFile(bytes, name);
  const { model, classes, info } = loaded;
  const sizes = sizesOf(name, model, info.images, {});
  return {
    info: { model: info.model, classes: info.numClasses, imageSize: sizes.imageSize },
    asked: {
      ...sizes,
      classes: numbered(classes, info.numClasses),
      normalization: { mean: imagenetMean, std: imagenetStd },
      run: (x) => model.forward(x),
    },
    async heat(image, best) {
      const { map } = await gradCam(loaded, image, { class: best });
      return { width: map.width, height: map.height, values: Float32Array.from(map.values) };
    },
    dispose: () => model.dispose(),
  };
}

/** What encodeOnnx writes into the metadata. */
interface OnnxSteps {
  readonly resizeShortSide: number;
  readonly centerCrop: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** .onnx that this library wrote. Throws TensoroneError for a file that does not say how it wants its pictures. */
function fromOnnx(bytes: Uint8Array, name: string): TriedModel {
  const { metadata, input, run } = decodeOnnx(bytes);
  const steps = metadata.preprocessing === undefined ? null : (JSON.parse(metadata.preprocessing) as OnnxSteps);
  const count = Number(metadata.num_classes);
  if (steps === null || !Number.isInteger(count))
    throw new TensoroneError(
      `${name}: its metadata says no preprocessing and num_classes, expected those that tensorone export writes`,
      "a .safetensors or .pth file of the model does as well",
    );
  const classes = metadata.classes === undefined ? null : (JSON.parse(metadata.classes) as string[]);
  return {
    info: { model: metadata.model ?? "an ONNX graph", classes: count, imageSize: steps.centerCrop },
    asked: {
      imageSize: steps.centerCrop,
      resizeSize: steps.resizeShortSide,
      classes: numbered(classes, count),
      normalization: input === "uint8" ? null : { mean: steps.mean, std: steps.std },
      run,
    },
    heat: () => Promise.resolve(null),
    dispose: () => {},
  };
}

/** By the ending of the name. Throws TensoroneError for a file that is no model, or none that is known. */
export const triedModel = (bytes: Uint8Array, name: string): TriedModel =>
  /\.onnx$/i.test(name) ? fromOnnx(bytes, name) : fromWeights(bytes, name);

/** Runs that the latency is the middle of, as long as they take less than this in all. */
const [RUNS, ENOUGH_MS] = [5, 600];

/** The likeliest classes of a picture. Its latency is the median of some runs behind the first, which compiles kernels; decoding is not in it. */
export async function triedAnswer(model: TriedModel, file: Blob, topK: number): Promise<Classified> {
  const { asked } = model;
  const image = await readImage(file);
  const scores = await scoresOf(asked, image);
  const times: number[] = [];
  const begun = performance.now();
  do {
    const start = performance.now();
    await scoresOf(asked, image);
    times.push(performance.now() - start);
  } while (times.length < RUNS && performance.now() - begun < ENOUGH_MS);
  times.sort((a, b) => a - b);
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, topK);
  return {
    scores: order.map((c) => ({ class: c, label: asked.classes[c]!, score: scores[c]! })),
    heat: await model.heat(image, order[0]!),
    ms: times[times.length >> 1]!,
  };
}
