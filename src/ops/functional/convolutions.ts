/**
 * Convolutions made of those over images: transposed ones, and those over sequences.
 */
import { scope } from "../../tensor/scope.js";
import { showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { apply } from "../apply.js";
import type { Pair } from "../spec/index.js";
import { convolveWithBias } from "./convolved.js";
import { add } from "./elementwise.js";
import { reshape } from "./movement.js";
import { type Conv2dOptions, conv2d } from "./products.js";
import { type PaddingWord, pair } from "./window.js";

/**
 * The window of a transposed convolution as torch.nn.functional.conv_transpose2d has it, and its bias. Defaults: stride 1,
 * padding 0, outputPadding 0, dilation 1, groups 1, no bias.
 */
export interface ConvTranspose2dOptions {
  readonly stride?: number | Pair;
  /** What is cut off each side: the padding of the convolution that this one turns round. */
  readonly padding?: number | Pair;
  /** Rows and columns more at the end; less than stride or dilation. */
  readonly outputPadding?: number | Pair;
  readonly dilation?: number | Pair;
  readonly groups?: number;
  /** [Cout] */
  readonly bias?: Tensor;
}

function expectTransposable(where: string, x: Tensor, w: Tensor, groups: number): void {
  if (x.rank !== 4 || w.rank !== 4)
    throw new ShapeError(
      `${where}: input ${showShape(x.shape)} and weight ${showShape(w.shape)}, expected [N, H, W, Cin] and [KH, KW, Cout/groups, Cin]`,
    );
  if (!Number.isInteger(groups) || groups < 1)
    throw new ShapeError(`${where}: groups is ${groups}, expected at least 1`);
  const [cIn, wanted] = [x.shape[3]!, w.shape[3]!];
  if (cIn !== wanted)
    throw new ShapeError(
      `${where}: input ${showShape(x.shape)} has ${cIn} channels, weight ${showShape(w.shape)} expects ${wanted}`,
      w.shape[0] === cIn || x.shape[1] === wanted
        ? "channels come last: input [N, H, W, Cin], weight [KH, KW, Cout/groups, Cin]"
        : undefined,
    );
  if (cIn % groups !== 0)
    throw new ShapeError(`${where}: ${cIn} input channels, expected a multiple of groups=${groups}`);
}

/**
 * x [N, H, W, Cin], w [KH, KW, Cout/groups, Cin] -> [N, (H − 1)·stride − 2·padding + dilation·(KH − 1) + outputPadding + 1, …,
 * Cout]: what the input gradient of conv2d with the same w does (torch.nn.functional.conv_transpose2d). Throws ShapeError where
 * channels do not fit and where nothing would be left.
 *
 * @example
 * ```ts
 * const y = convTranspose2d(rand([1, 4, 4, 16]), rand([2, 2, 8, 16]), { stride: 2 });
 * console.log(y.shape); // [1, 8, 8, 8]
 * ```
 */
export function convTranspose2d(x: Tensor, w: Tensor, options: ConvTranspose2dOptions = {}): Tensor {
  return transposed("convTranspose2d", x, w, options);
}

function transposed(where: string, x: Tensor, w: Tensor, options: ConvTranspose2dOptions): Tensor {
  const { groups = 1, bias } = options;
  expectTransposable(where, x, w, groups);
  const [stride, padding, dilation] = [
    pair(options.stride ?? 1),
    pair(options.padding ?? 0),
    pair(options.dilation ?? 1),
  ];
  const more = pair(options.outputPadding ?? 0);
  const size = ([0, 1] as const).map((axis) => {
    if (!(more[axis] >= 0 && more[axis] < Math.max(stride[axis], dilation[axis])))
      throw new ShapeError(
        `${where}: outputPadding ${more[axis]}, expected less than stride ${stride[axis]} or dilation ${dilation[axis]}`,
      );
    const reach = dilation[axis] * (w.shape[axis]! - 1) + 1;
    const out = (x.shape[1 + axis]! - 1) * stride[axis] + reach - 2 * padding[axis] + more[axis];
    if (!(out >= 1))
      throw new ShapeError(
        `${where}: padding ${padding[axis]} leaves nothing of ${out + 2 * padding[axis]} pixels`,
        "padding cuts pixels off the output; less of it leaves more",
      );
    return out;
  });
  const inputShape = [x.shape[0]!, ...size, w.shape[2]! * groups];
  const attrs = { stride, padding, dilation, groups, inputShape };
  const turned = (): Tensor =>
    apply(
      "conv2dInputGrad",
      [x, w],
      more.some((rows) => rows > 0)
        ? { ...attrs, paddingEnd: [padding[0] - more[0], padding[1] - more[1]] as const }
        : attrs,
    )[0];
  return bias ? scope(() => add(turned(), bias)) : turned();
}

/** The window of a convolution over sequences, in steps. Defaults: stride 1, padding 0, dilation 1, groups 1, no bias. */
export interface Conv1dOptions {
  readonly stride?: number;
  /** One number, [before, after], or what it is for. */
  readonly padding?: number | Pair | PaddingWord;
  readonly dilation?: number;
  readonly groups?: number;
  /** [Cout] */
  readonly bias?: Tensor;
}

function expectSequences(where: string, x: Tensor, w: Tensor, axes: string): void {
  if (x.rank !== 3 || w.rank !== 3)
    throw new ShapeError(
      `${where}: input ${showShape(x.shape)} and weight ${showShape(w.shape)}, expected [N, L, Cin] and ${axes}`,
    );
}

/** A tensor [A, B, C] as images of one row [A, 1, B, C]; weights [K, …] as those of windows of one row [1, K, …]. */
const asRow = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, 1, x.shape[1]!, x.shape[2]!]);
const asRowWeight = (w: Tensor): Tensor => reshape(w, [1, ...w.shape]);
const withoutRow = (y: Tensor): Tensor => reshape(y, [y.shape[0]!, y.shape[2]!, y.shape[3]!]);

/**
 * x [N, L, Cin], w [K, Cin/groups, Cout] -> [N, OL, Cout] (cross-correlation, as torch.nn.functional.conv1d).
 *
 * @example
 * ```ts
 * console.log(conv1d(rand([1, 100, 4]), rand([5, 4, 8]), { padding: "same" }).shape); // [1, 100, 8]
 * ```
 */
export function conv1d(x: Tensor, w: Tensor, options: Conv1dOptions = {}): Tensor {
  expectSequences("conv1d", x, w, "[K, Cin/groups, Cout]");
  const { stride = 1, padding = 0, dilation = 1, groups = 1, bias } = options;
  const window: Conv2dOptions = {
    stride: [1, stride],
    dilation: [1, dilation],
    groups,
    padding:
      typeof padding === "string" ? padding : typeof padding === "number" ? [0, padding] : ([[0, 0], padding] as const),
  };
  return scope(() => {
    const [rows, taps] = [asRow(x), asRowWeight(w)];
    return withoutRow(bias ? convolveWithBias(rows, taps, bias, window) : conv2d(rows, taps, window));
  });
}

/** The window of a transposed convolution over sequences, in steps, as that over images has it. */
export interface ConvTranspose1dOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly outputPadding?: number;
  readonly dilation?: number;
  readonly groups?: number;
  /** [Cout] */
  readonly bias?: Tensor;
}

/** x [N, L, Cin], w [K, Cout/groups, Cin] -> [N, OL, Cout] (torch.nn.functional.conv_transpose1d); sizes as convTranspose2d's. */
export function convTranspose1d(x: Tensor, w: Tensor, options: ConvTranspose1dOptions = {}): Tensor {
  expectSequences("convTranspose1d", x, w, "[K, Cout/groups, Cin]");
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1, bias } = options;
  const window: ConvTranspose2dOptions = {
    stride: [1, stride],
    padding: [0, padding],
    outputPadding: [0, outputPadding],
    dilation: [1, dilation],
    groups,
    ...(bias && { bias }),
  };
  return scope(() => withoutRow(transposed("convTranspose1d", asRow(x), asRowWeight(w), window)));
}
