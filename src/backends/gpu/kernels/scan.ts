/**
 * Running sums by doubling (Hillis and Steele 1986): after log2(n) passes, each of which adds the number `shift` places
 * before, every element is the sum up to it. Orders by counting: the rank of an element is how many come before it, n reads
 * for each of n elements, and the element of a rank is then looked for.
 */
import type { Attrs } from "../../../ops/spec/index.js";
import { sizeOf } from "../../../tensor/shape.js";
import { defineKernel, type GpuKernel } from "../kernel.js";
import { type Lowering, type Place, rowsOf, viewOf } from "../plan.js";

const passArgs = { x: "array", count: "integer", shift: "integer" } as const;
const WHOLE = "const v = x[this.thread.z][this.thread.y][this.thread.x];";
const PREVIOUS = "x[this.thread.z][this.thread.y - shift][this.thread.x]";
const NEXT = "x[this.thread.z][this.thread.y + shift][this.thread.x]";

const forwardKernel = defineKernel(
  { name: "cumsum pass", rank: 3, args: passArgs },
  `${WHOLE}
  if (this.thread.y >= shift) { return v + ${PREVIOUS}; }
  return v;`,
);
const backwardKernel = defineKernel(
  { name: "cumsum pass backwards", rank: 3, args: passArgs },
  `${WHOLE}
  if (this.thread.y + shift < count) { return v + ${NEXT}; }
  return v;`,
);
const behindKernel = defineKernel(
  { name: "one behind", rank: 3, args: passArgs },
  `if (this.thread.y >= shift) { return ${PREVIOUS}; }
  return 0;`,
);
const aheadKernel = defineKernel(
  { name: "one ahead", rank: 3, args: passArgs },
  `if (this.thread.y + shift < count) { return ${NEXT}; }
  return 0;`,
);

const rankKernel = defineKernel(
  { name: "rank", rank: 3, args: { x: "array", count: "integer", descending: "integer" } },
  `const v = x[this.thread.z][this.thread.y][this.thread.x];
  const isOdd = isNan(v);
  let rank = 0;
  for (let k = 0; k < count; k++) {
    const w = x[this.thread.z][this.thread.y][k];
    const isOther = isNan(w);
    let before = isLess(w, v) + isOdd * (1 - isOther);
    if (descending > 0.5) { before = isLess(v, w) + isOther * (1 - isOdd); }
    if (k < this.thread.x) { before += isEqual(w, v) + isOdd * isOther; }
    rank += before;
  }
  return rank;`,
);
const orderKernel = defineKernel(
  { name: "order of ranks", rank: 3, args: { ranks: "array", count: "integer" } },
  `let at = 0;
  for (let k = 0; k < count; k++) {
    if (ranks[this.thread.z][this.thread.y][k] === this.thread.x) { at = k; }
  }
  return at;`,
);

export const scans = {
  cumsum: (([x], { axis, reverse, exclusive }: Attrs<"cumsum">, [y], plan) => {
    const count = x.shape[axis]!;
    const outer = sizeOf(x.shape.slice(0, axis));
    const inner = sizeOf(x.shape.slice(axis + 1));
    const pass = (kernel: typeof forwardKernel, from: Place, shift: number, to: Place): void =>
      plan.call(kernel, to, [inner, count, outer], { x: viewOf(from, outer, count, inner), count, shift });
    let place = x.place;
    if (exclusive) {
      place = count > 1 ? plan.scratch(x.size) : y.place;
      pass(reverse ? aheadKernel : behindKernel, x.place, 1, place);
    } else if (count === 1) plan.copy(x.place, y.place);
    for (let shift = 1; shift < count; shift *= 2) {
      const to = 2 * shift >= count ? y.place : plan.scratch(x.size);
      pass(reverse ? backwardKernel : forwardKernel, place, shift, to);
      place = to;
    }
  }) as Lowering<"cumsum">,
  argsort: (([x], { descending }, [y], plan) => {
    const count = x.shape.at(-1)!;
    const { z, y: rows } = rowsOf(x.shape);
    const ranks = plan.scratch(x.size);
    const dims = [count, rows, z] as const;
    plan.call(rankKernel, ranks, dims, {
      x: viewOf(x.place, z, rows, count),
      count,
      descending: Number(descending),
    });
    plan.call(orderKernel, y.place, dims, { ranks: viewOf(ranks, z, rows, count), count });
  }) as Lowering<"argsort">,
};

export const scanKernels: readonly GpuKernel[] = [
  forwardKernel,
  backwardKernel,
  behindKernel,
  aheadKernel,
  rankKernel,
  orderKernel,
];
