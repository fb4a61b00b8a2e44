/**
 * Products of tensors by named axes: einsum, and the two of vectors. Each is axes put in order for one matrix product.
 */
import { type Shape, showShape, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { withPromoted } from "../promotion.js";
import { chain, consume } from "./chain.js";
import { diagonal } from "./diagonals.js";
import { cast, mul } from "./elementwise.js";
import { type Labels, parseEquation } from "./equation.js";
import { reshape, transpose } from "./movement.js";
import { matmul } from "./products.js";
import { sum } from "./reductions.js";

/** A tensor whose axes have labels. */
interface Term {
  readonly x: Tensor;
  readonly labels: Labels;
}

/** A label that stands twice: the diagonal of its two axes, which comes last. */
function withoutRepeats({ x, labels }: Term): Term {
  const second = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second]!);
  const rest = labels.filter((_, i) => i !== first && i !== second);
  return withoutRepeats({ x: diagonal(x, 0, first, second), labels: [...rest, labels[second]!] });
}

/** Without the axes that no other term has and the result has not, summed up, and without those of size 1 that others have longer. */
function reduced({ x, labels }: Term, isKept: (label: string, size: number) => boolean): Term {
  const gone = labels.flatMap((label, i) => (isKept(label, x.shape[i]!) ? [] : [i]));
  if (gone.length === 0) return { x, labels };
  // bytes stay bytes, whatever their sum is
  return {
    x: chain(
      x,
      (y) => sum(y, gone),
      (y) => cast(y, x.dtype),
    ),
    labels: labels.filter((_, i) => !gone.includes(i)),
  };
}

/** Axes in the order of `labels`, all of which the term has. */
const ordered = ({ x, labels: own }: Term, labels: Labels): Tensor =>
  transpose(
    x,
    labels.map((label) => own.indexOf(label)),
  );

/** The product of two terms, summed over the labels that are in both and not wanted any more. */
function contract(a: Term, b: Term, isWanted: (label: string) => boolean): Term {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter(isWanted);
  const summed = shared.filter((label) => !isWanted(label));
  const own = ({ labels }: Term): Labels => labels.filter((label) => !shared.includes(label));
  const [ownA, ownB] = [own(a), own(b)];
  const sizesOf = (term: Term, labels: Labels): number[] =>
    labels.map((label) => term.x.shape[term.labels.indexOf(label)]!);
  const grouped = (term: Term, ...groups: readonly Labels[]): Tensor =>
    chain(
      term.x,
      () => ordered(term, groups.flat()),
      (y) =>
        reshape(
          y,
          groups.map((group) => sizeOf(sizesOf(term, group))),
        ),
    );
  const shape = [...sizesOf(a, batch), ...sizesOf(a, ownA), ...sizesOf(b, ownB)];
  const y = consume([grouped(a, batch, ownA, summed), grouped(b, batch, summed, ownB)], ([left, right]) =>
    chain(matmul(left!, right!), (z) => reshape(z, shape)),
  );
  return { x: y, labels: [...batch, ...ownA, ...ownB] };
}

/** The one size of every label; those of size 1 stretch. Throws ShapeError with both numbers. */
function sizesOfLabels(equation: string, terms: readonly Term[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { x, labels } of terms)
    labels.forEach((label, i) => {
      const [size, known] = [x.shape[i]!, sizes.get(label) ?? 1];
      if (known !== 1 && size !== 1 && known !== size)
        throw new ShapeError(`einsum: axis ${label} of "${equation}" has ${known} and ${size}, expected one size`);
      if (known === 1) sizes.set(label, size);
    });
  return sizes;
}

/**
 * Sums of products by named axes (torch.einsum): the letters of each operand name its axes, those of the result the ones that
 * stay, all others are summed over; a letter twice in one operand is its diagonal, "..." stands for axes that broadcast. Without
 * "->" the letters that occur once stay, in alphabetical order. Operands promote to one dtype and are multiplied from left to
 * right. Throws ShapeError for an equation that cannot be read, or sizes that differ.
 *
 * @example
 * ```ts
 * const [q, k] = [ones([2, 5, 8]), ones([2, 7, 8])];
 * console.log(einsum("bqd,bkd->bqk", q, k).shape); // [2, 5, 7]
 * console.log(einsum("ii", ones([3, 3])).item()); // 3
 * ```
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const { inputs, output } = parseEquation(
    equation,
    operands.map(({ shape }): Shape => shape),
  );
  return withPromoted("mul", operands, (alike) => {
    const terms = alike.map((x, i) => withoutRepeats({ x, labels: inputs[i]! }));
    const sizes = sizesOfLabels(equation, terms);
    /** Whether a label is still needed when the terms before `from` are done. */
    const isLater = (label: string, from: number): boolean =>
      output.includes(label) || terms.slice(from).some(({ labels }) => labels.includes(label));
    const isAsLong = (label: string, size: number): boolean => size === sizes.get(label);
    const isShared = (i: number) => (label: string, size: number) =>
      isAsLong(label, size) && (output.includes(label) || terms.some((t, k) => k !== i && t.labels.includes(label)));
    const ready = terms.map((term, i) => reduced(term, isShared(i)));
    const result = ready.reduce((product, term, i) =>
      reduced(
        contract(product, term, (label) => isLater(label, i + 1)),
        (label) => isLater(label, i + 1),
      ),
    );
    const missing = output.filter((label) => !result.labels.includes(label));
    // labels whose axes have size 1 everywhere went with the sums
    const full = {
      x: reshape(result.x, [...result.x.shape, ...missing.map(() => 1)]),
      labels: [...result.labels, ...missing],
    };
    return ordered(full, output);
  });
}

/**
 * Every product of an element of a [m] with one of b [n] -> [m, n] (torch.outer).
 *
 * @example
 * ```ts
 * console.log(outer(tensor([1, 2]), tensor([3, 4])).toArray()); // [[3, 4], [6, 8]]
 * ```
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  expectVectors("outer", a, b);
  return consume([reshape(a, [-1, 1])], ([column]) => mul(column!, b));
}

/**
 * The sum of the products of two vectors [n] -> [] (torch.dot).
 *
 * @example
 * ```ts
 * console.log(dot(tensor([1, 2]), tensor([3, 4])).item()); // 11
 * ```
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  expectVectors("dot", a, b);
  if (a.size !== b.size)
    throw new ShapeError(`dot: ${showShape(a.shape)} and ${showShape(b.shape)}, expected one size`);
  return withPromoted("mul", [a, b], ([x, y]) =>
    consume([reshape(x!, [1, -1]), reshape(y!, [-1, 1])], ([row, column]) =>
      chain(matmul(row!, column!), (z) => reshape(z, [])),
    ),
  );
}

function expectVectors(where: string, a: Tensor, b: Tensor): void {
  if (a.rank !== 1 || b.rank !== 1)
    throw new ShapeError(
      `${where}: ${showShape(a.shape)} and ${showShape(b.shape)}, expected vectors`,
      "matmul() takes matrices, einsum() any axes",
    );
}
