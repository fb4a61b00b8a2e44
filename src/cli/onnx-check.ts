/**
 * Whether an ONNX file answers as the model it was made from: both run on the same random pictures, ours on our backend,
 * the file in ONNX Runtime.
 */
import { noGrad } from "../autograd/tape.js";
import { normalizeInto } from "../data/transforms/normalize.js";
import { OnnxError } from "../io/onnx/index.js";
import type { OnnxFile, Preprocessing } from "../models/files/onnx.js";
import type { Classifier } from "../models/index.js";
import { tensor } from "../tensor/create.js";
import { areFinite } from "../tensor/finite.js";
import { Random } from "../tensor/random.js";
import { scope } from "../tensor/scope.js";
import { channelsFirst, runInOnnxRuntime } from "./onnx-runtime.js";

/** Largest difference, as a share of the largest |logit|, that float32 sums in another order explain, with room to spare. */
export const ONNX_TOLERANCE = 3e-5;

/** The batch size is free in the file: two pictures show that one number does not stand for it. */
const BATCH = 2;

export interface OnnxVerification {
  /** Package and version. */
  readonly runtime: string;
  readonly images: number;
  /** Largest |difference| of two logits over the largest |logit|. */
  readonly relativeError: number;
}

/**
 * What ONNX Runtime answers beside `model`; null where none is installed. Throws OnnxError for a model whose own logits are
 * not finite, the runtime's error for a file it refuses.
 */
export async function checkOnnx(
  file: OnnxFile,
  model: Classifier,
  { imageSize, mean, std }: Preprocessing,
): Promise<OnnxVerification | null> {
  const channels = model.inChannels;
  const shape = [BATCH, imageSize, imageSize, channels] as const;
  const random = new Random(0);
  const bytes = Uint8Array.from({ length: BATCH * imageSize ** 2 * channels }, () => random.next32());
  const pixels = normalizeInto(bytes, new Float32Array(bytes.length), mean, std);
  const given = file.input.dtype === "uint8" ? bytes : channelsFirst(pixels, shape);
  const inputShape = file.input.shape.map((size) => (typeof size === "number" ? size : BATCH));
  const logits = noGrad(() => scope(() => model.forward(tensor(pixels, shape))));
  const expected = Float64Array.from(await logits.data());
  logits.dispose();
  if (!areFinite(expected))
    throw new OnnxError(
      `export: logits of random pictures are ${expected.find((value) => !Number.isFinite(value))}, expected finite numbers`,
      "the weights are finite, but their activations are too large: the training diverged, or statistics are damaged",
    );
  const answer = await runInOnnxRuntime(
    file.bytes,
    { name: file.input.name, data: given, shape: inputShape },
    file.output.name,
  );
  if (!answer) return null;
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - answer.values[i]!)), 0);
  return { runtime: answer.runtime, images: BATCH, relativeError: largest === 0 ? difference : difference / largest };
}
