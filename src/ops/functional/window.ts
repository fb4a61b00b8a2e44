/**
 * How a window lies on an image, in the words of a call: one number or several, or a word that says what padding is for.
 */
import type { Shape } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import type { EndPadding, Pair } from "../spec/index.js";

export const pair = (value: number | Pair): Pair => (typeof value === "number" ? [value, value] : value);

/**
 * Zeros around an image: one number, [height, width], or [[top, bottom], [left, right]]. "valid": none. "same": as many as keep
 * the size, the odd one below and to the right, with stride 1 only (torch.nn.functional.conv2d). "sameUpper" and "sameLower":
 * as many as make the output ⌈size / stride⌉, the odd one at the end or in front (ONNX, auto_pad).
 */
export type Padding = number | Pair | readonly [Pair, Pair] | PaddingWord;
/** Padding by its purpose. */
export type PaddingWord = "valid" | "same" | "sameUpper" | "sameLower";

interface Window {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
}

/** Padding as an op takes it; `paddingEnd` where the two ends differ. */
export type ResolvedPadding = { readonly padding: Pair } & EndPadding;

const words: readonly string[] = ["valid", "same", "sameUpper", "sameLower"] satisfies readonly PaddingWord[];

const isPlain = (padding: Padding): padding is number | Pair =>
  typeof padding === "number" || (typeof padding !== "string" && typeof padding[0] === "number");

function widthsOf(padding: PaddingWord, size: number, axis: 0 | 1, { kernelSize, stride, dilation }: Window): Pair {
  const reach = dilation[axis] * (kernelSize[axis] - 1) + 1;
  const outputs = Math.ceil(size / stride[axis]);
  const all = padding === "valid" ? 0 : Math.max(0, (outputs - 1) * stride[axis] + reach - size);
  const less = Math.floor(all / 2);
  return padding === "sameLower" ? [all - less, less] : [less, all - less];
}

/** Padding of an image [N, H, W, C] under a window. Throws ShapeError for what is none of its forms, and "same" with a stride. */
export function resolvePadding(where: string, padding: Padding, x: Shape, window: Window): ResolvedPadding {
  if (isPlain(padding)) {
    if (typeof padding !== "number" && padding.length !== 2)
      throw new ShapeError(
        `${where}: padding of ${(padding as readonly number[]).length} numbers, expected one or two`,
        "[[top, bottom], [left, right]] pads each side by its own",
      );
    return { padding: pair(padding) };
  }
  if (typeof padding !== "string") return joined(padding[0], padding[1]);
  if (!words.includes(padding))
    throw new ShapeError(`${where}: padding "${padding}", expected ${words.map((word) => `"${word}"`).join(", ")}`);
  if (padding === "same" && window.stride.some((step) => step !== 1))
    throw new ShapeError(
      `${where}: padding "same" with stride ${window.stride.join("x")}, expected stride 1`,
      '"sameUpper" makes the output ⌈size / stride⌉',
    );
  const [, h = 0, w = 0] = x;
  return joined(widthsOf(padding, h, 0, window), widthsOf(padding, w, 1, window));
}

function joined(rows: Pair, columns: Pair): ResolvedPadding {
  const [start, end]: [Pair, Pair] = [
    [rows[0], columns[0]],
    [rows[1], columns[1]],
  ];
  return start[0] === end[0] && start[1] === end[1] ? { padding: start } : { padding: start, paddingEnd: end };
}
