/**
 * Padding by a constant or by x's own numbers, and cropping.
 */
import { type Shape, showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { apply } from "../apply.js";
import { type AsMethods, installMethods } from "../method.js";
import type { Pair } from "../spec/index.js";
import { chain, consume } from "./chain.js";
import { broadcastTo, concat, reshape } from "./movement.js";
import { take } from "./take.js";

/** What pad() fills new places with: PadOptions says what each name means. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** How pad() fills what is new. */
export interface PadOptions {
  /**
   * constant: `value`. reflect: mirrored at the outermost element, which is not repeated. replicate: the outermost element.
   * circular: from the other end (torch.nn.functional.pad).
   */
  readonly mode?: PadMode;
  readonly value?: number;
}

/** The names of other libraries. */
const otherNames: Readonly<Record<string, PadMode>> = { edge: "replicate", wrap: "circular", zeros: "constant" };

/** `size` positions of one axis from `begin` on, `step` apart. */
const cut = (x: Tensor, axis: number, begin: number, size: number, step = 1): Tensor =>
  take(
    x,
    x.shape.map((dim, i) =>
      i === axis ? { begin, size, step: size < 2 ? 1 : step } : { begin: 0, size: dim, step: 1 },
    ),
  );

/** What comes before and after along an axis of size `dim`; null for nothing. */
type Edges = (x: Tensor, axis: number, widths: Pair, dim: number) => readonly (Tensor | null)[];

const edges: { readonly [M in Exclude<PadMode, "constant">]: { readonly edges: Edges; most(dim: number): number } } = {
  reflect: {
    most: (dim) => dim - 1,
    edges: (x, axis, [before, after], dim) => [
      before > 0 ? cut(x, axis, before, before, -1) : null,
      after > 0 ? cut(x, axis, dim - 2, after, -1) : null,
    ],
  },
  replicate: {
    most: (dim) => (dim > 0 ? Number.POSITIVE_INFINITY : 0),
    edges: (x, axis, [before, after], dim) =>
      [before, after].map((width, i) =>
        width > 0
          ? consume([cut(x, axis, i === 0 ? 0 : dim - 1, 1)], ([edge]) => {
              const shape = x.shape.toSpliced(axis, 1, width);
              return broadcastTo(edge!, shape);
            })
          : null,
      ),
  },
  circular: {
    most: (dim) => dim,
    edges: (x, axis, [before, after], dim) => [
      before > 0 ? cut(x, axis, dim - before, before) : null,
      after > 0 ? cut(x, axis, 0, after) : null,
    ],
  },
};

function padded(x: Tensor, axis: number, widths: Pair, mode: Exclude<PadMode, "constant">): Tensor {
  const dim = x.shape[axis]!;
  const { most, edges: edgesOf } = edges[mode];
  if (Math.max(...widths) > most(dim))
    throw new ShapeError(
      `pad: ${showShape(widths)} of axis ${axis} in mode ${mode}, ${showShape(x.shape)} allows at most ${most(dim)} there`,
    );
  const [before, after] = edgesOf(x, axis, widths, dim);
  const made = [before, after].filter((part) => part !== null && part !== undefined);
  if (made.length === 0) return x;
  return consume(made, () =>
    concat(
      [before, x, after].filter((part) => part !== null && part !== undefined),
      axis,
    ),
  );
}

function expectWidths(x: Shape, widths: readonly Pair[]): void {
  const isPairs = Array.isArray(widths) && widths.every((pair) => Array.isArray(pair) && pair.length === 2);
  if (isPairs && widths.length === x.length && widths.flat().every(Number.isInteger)) return;
  throw new ShapeError(
    `pad: widths ${JSON.stringify(widths)} for ${showShape(x)}, expected [before, after], integers, for each of its ${x.length} axes`,
    "images are [N, H, W, C]: [[0, 0], [top, bottom], [left, right], [0, 0]]",
  );
}

/** What negative widths leave. */
function cropped(x: Tensor, widths: readonly Pair[]): Tensor {
  if (widths.flat().every((width) => width >= 0)) return x;
  return take(
    x,
    x.shape.map((dim, i) => {
      const [before, after] = widths[i]!.map((width) => Math.max(0, -width)) as [number, number];
      if (before + after > dim)
        throw new ShapeError(
          `pad: ${showShape(widths[i]!)} of axis ${i} crops more than the ${dim} of ${showShape(x.shape)}`,
        );
      return { begin: before, size: dim - before - after, step: 1 };
    }),
  );
}

/**
 * [before, after] for each axis; negative widths crop. What is new holds `value`, or by mode numbers of x: see PadOptions.
 * Throws DTypeError for a value that x's dtype does not hold, ShapeError for widths that the mode has no numbers for: reflect
 * has one fewer than the axis, circular as many.
 *
 * @example
 * ```ts
 * console.log(pad(tensor([1, 2]), [[1, 0]]).toArray()); // [0, 1, 2]
 * console.log(pad(tensor([1, 2, 3]), [[2, -1]], { mode: "reflect" }).toArray()); // [3, 2, 1, 2]
 * ```
 */
export function pad(x: Tensor, widths: readonly Pair[], options: number | PadOptions = 0): Tensor {
  const { mode = "constant", value = 0 } = typeof options === "number" ? { value: options } : options;
  expectWidths(x.shape, widths);
  if (mode !== "constant" && !(mode in edges))
    throw new ShapeError(
      `pad: mode ${String(mode)}, expected constant, ${Object.keys(edges).join(", ")}`,
      otherNames[mode] && `"${otherNames[mode]}" is that mode's name here`,
    );
  const grown = widths.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const);
  if (mode === "constant")
    return chain(
      x,
      (y) => cropped(y, widths),
      (y) => apply("pad", [y], { before: grown.map(([b]) => b), after: grown.map(([, a]) => a), value })[0],
    );
  // as in PyTorch what is cropped at one end takes part in the padding at the other
  return chain(
    x,
    ...x.shape.map((_, axis) => (y: Tensor) => padded(y, axis, grown[axis]!, mode)),
    (y) => cropped(y, widths),
    // a handle of its own where there was nothing to do
    (y) => (y === x ? reshape(y, x.shape) : y),
  );
}

const methods = { pad };
installMethods(methods);

declare module "../../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./padding.js"), keyof typeof methods>> {}
}
