/** S0 in training form whose answers differ from picture to picture: a random classifier, each logit centred and scaled over some pictures. */

import type { Image } from "../../src/data/codecs/image.js";
import { decodeModelFile, io, models, noGrad, normalize, scope } from "../../src/index.js";
import type { Classifier } from "../../src/models/index.js";
import { squareOf } from "../../studio/worker/exports/look.js";

/** Logits are spread to this deviation, so that probabilities are far from equal. */
const SPREAD = 3;

async function logitsOf(model: Classifier, squares: readonly Image[]): Promise<number[][]> {
  const flat = await scope(() => noGrad(() => model.forward(normalize(squares))).data());
  const values = Array.from(flat as ArrayLike<number>);
  return squares.map((_, i) => values.slice(i * model.numClasses, (i + 1) * model.numClasses));
}

export async function spreadModel(numClasses: number, pictures: readonly Image[], side: number, resize: number) {
  const model = models.createModel("mobileone_s0", { numClasses, seed: 5 }).eval();
  const seeing = { imageSize: side, resizeSize: resize, normalization: null };
  const logits = await logitsOf(
    model,
    pictures.map((picture) => squareOf(picture, seeing)),
  );
  const entries = new Map(await io.toFileEntries(model));
  model.dispose();
  const weightName = [...entries.keys()].find((name) => name.endsWith("fc.weight"))!;
  const biasName = weightName.replace("weight", "bias");
  const [weight, bias] = [entries.get(weightName)!, entries.get(biasName)!];
  const features = weight.shape[1]!;
  const [rows, offsets] = [Float32Array.from(weight.values as Float32Array), new Float32Array(numClasses)];
  for (let c = 0; c < numClasses; c++) {
    const column = logits.map((row) => row[c]!);
    const mean = column.reduce((a, b) => a + b, 0) / column.length;
    const deviation = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length);
    for (let i = 0; i < features; i++) rows[c * features + i]! *= SPREAD / deviation;
    offsets[c] = ((Number(bias.values[c]) - mean) * SPREAD) / deviation;
  }
  entries.set(weightName, { ...weight, values: rows });
  entries.set(biasName, { ...bias, values: offsets });
  return decodeModelFile(io.encodeWeights(entries)).model;
}
