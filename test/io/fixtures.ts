/** Files that PyTorch wrote (test/golden/io, with the script that made them), and the small network they are of. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { noGrad, scope, type Tensor, tensor } from "../../src/index.js";
import { type Classifier, MobileOne, type MobileOneOptions, type Variant } from "../../src/models/index.js";

export const golden = join(import.meta.dirname, "..", "golden", "io");
export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(join(golden, name)));

interface Numbers {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}
interface Expected {
  /** Tensors by file and name. */
  readonly values: Readonly<Record<string, Readonly<Record<string, Numbers>>>>;
  /** Logits of `picture(64)`. */
  readonly models: Readonly<Record<"train" | "apple-deploy" | "timm-deploy", readonly number[]>>;
  readonly mmengine: {
    readonly parameters: readonly string[];
    readonly rawHead: Numbers;
    readonly averageHead: Numbers;
  };
}
export const expected = JSON.parse(readFileSync(join(golden, "expected.json"), "utf8")) as Expected;

/** mobileone.py's VARIANTS["tiny"]. */
export const tiny: Variant = {
  widths: [0.125, 0.125, 0.0625, 0.0625],
  numConvBranches: 2,
  squeezeExciteUnits: [0, 0, 0, 1],
  units: [1, 1, 1, 1],
};
export const tinyModel = (options: MobileOneOptions = {}): MobileOne =>
  new MobileOne(tiny, { numClasses: 5, ...options }).eval();

/** mobileone.py's picture: sin(0.37 n), n counted in NCHW order; here [1, side, side, 3]. */
export function picture(side: number): Tensor {
  const values = new Float32Array(side * side * 3);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < side * side; i++) values[3 * i + c] = Math.sin(0.37 * (c * side * side + i));
  return tensor(values, [1, side, side, 3]);
}

export function logitsOf(model: Classifier, side: number): number[] {
  const logits = noGrad(() => scope(() => model.forward(picture(side))));
  return [...logits.dataSync()];
}

/** Largest difference, as a share of the largest expected value. */
export function relativeError(found: readonly number[], wanted: readonly number[]): number {
  const largest = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs(value - found[i]!))) / largest;
}

/** What the issue allows: float32 summation order alone gives half of it. */
export const LOGITS_TOLERANCE = 3e-5;
