/**
 * Ops that move numbers by steps of any size, or by indices along one axis, seen as [outer][axis][inner]. What an index
 * leads nowhere from reads as 0; plan.check finds it.
 */
import { defineKernel, type GpuKernel, splitPair } from "../kernel.js";
import { type BufferOperand, type Lowering, type Place, type Plan, part, type View, viewOf } from "../plan.js";
import { around, byAxis, expectIndices, MAX_Z } from "./move.js";

const stepKernel = defineKernel(
  { name: "step along an axis", rank: 3, args: { x: "array", from: "integer", step: "integer" } },
  "return x[this.thread.z][this.thread.y * step + from][this.thread.x];",
);
/** The steps are counted upwards; `sign` is the direction that they go in. */
const unstepKernel = defineKernel(
  {
    name: "set an axis by steps",
    rank: 3,
    args: { dy: "array", from: "integer", sign: "integer", step: "integer", size: "integer" },
  },
  `let at = (this.thread.y - from) * sign;
  if (at < 0) { return 0; }
  ${splitPair("k", "rest", "at", "step")}
  if (rest > 0) { return 0; }
  if (k >= size) { return 0; }
  return dy[this.thread.z][k][this.thread.x];`,
);
const takeKernel = defineKernel(
  { name: "takeAlongAxis", rank: 3, args: { x: "array", indices: "array", rows: "integer" } },
  `const row = indices[this.thread.z][this.thread.y][this.thread.x];
  if (row < 0) { return 0; }
  if (row >= rows) { return 0; }
  return x[this.thread.z][row][this.thread.x];`,
);
const addKernel = defineKernel(
  { name: "takeAlongAxisGrad", rank: 3, args: { dy: "array", indices: "array", count: "integer" } },
  `let total = 0;
  for (let i = 0; i < count; i++) {
    if (indices[this.thread.z][i][this.thread.x] === this.thread.y) { total += dy[this.thread.z][i][this.thread.x]; }
  }
  return total;`,
);
const scatterKernel = defineKernel(
  { name: "scatter", rank: 3, args: { x: "array", indices: "array", src: "array", count: "integer" } },
  `let value = x[this.thread.z][this.thread.y][this.thread.x];
  for (let i = 0; i < count; i++) {
    if (indices[this.thread.z][i][this.thread.x] === this.thread.y) { value = src[this.thread.z][i][this.thread.x]; }
  }
  return value;`,
);

/** Some of a tensor's [axis][inner] slabs. */
interface Slabs {
  readonly count: number;
  of(place: Place, size: number): Place;
  view(place: Place, size: number): View;
}

/** As many slabs at once as z can count. */
function bySlabs(outer: number, inner: number, call: (slabs: Slabs) => void): void {
  for (let from = 0; from < outer; from += MAX_Z) {
    const count = Math.min(MAX_Z, outer - from);
    const of = (place: Place, size: number): Place => part(place, from * size * inner, count * size * inner);
    call({ count, of, view: (place, size) => viewOf(of(place, size), count, size, inner) });
  }
}

/** Calls a kernel over y along `axis`. */
function along(
  y: Place,
  shape: readonly number[],
  axis: number,
  call: (out: Place, dims: readonly [number, number, number], slabs: Slabs) => void,
): void {
  const { outer, inner } = around(shape, axis);
  bySlabs(outer, inner, (slabs) => call(slabs.of(y, shape[axis]!), [inner, shape[axis]!, slabs.count], slabs));
}

/** Along the axes that are not taken as they are. */
const stepped = (
  x: BufferOperand,
  y: BufferOperand,
  step: readonly number[],
  plan: Plan,
  call: Parameters<typeof byAxis>[3],
): void => byAxis(x, y, plan, call, (axis) => x.shape[axis] !== y.shape[axis] || step[axis] !== 1);

export const movesAlong = {
  stridedSlice: (([x], { begin, step }, [y], plan) =>
    stepped(x, y, step, plan, (from, shape, axis, out) => {
      const next = shape.map((size, i) => (i === axis ? y.shape[axis]! : size));
      along(out, next, axis, (place, dims, slabs) =>
        plan.call(stepKernel, place, dims, {
          x: slabs.view(from, shape[axis]!),
          from: begin[axis]!,
          step: step[axis]!,
        }),
      );
    })) as Lowering<"stridedSlice">,
  stridedSliceGrad: (([dy], { begin, step }, [dx], plan) =>
    stepped(dy, dx, step, plan, (from, shape, axis, out) => {
      const next = shape.map((size, i) => (i === axis ? dx.shape[axis]! : size));
      along(out, next, axis, (place, dims, slabs) =>
        plan.call(unstepKernel, place, dims, {
          dy: slabs.view(from, shape[axis]!),
          from: begin[axis]!,
          sign: Math.sign(step[axis]!),
          step: Math.abs(step[axis]!),
          size: shape[axis]!,
        }),
      );
    })) as Lowering<"stridedSliceGrad">,
  takeAlongAxis: (([x, indices], { axis }, [y], plan) => {
    const rows = x.shape[axis]!;
    expectIndices("takeAlongAxis", indices, rows, plan);
    along(y.place, y.shape, axis, (place, dims, slabs) =>
      plan.call(takeKernel, place, dims, {
        x: slabs.view(x.place, rows),
        indices: slabs.view(indices.place, y.shape[axis]!),
        rows,
      }),
    );
  }) as Lowering<"takeAlongAxis">,
  takeAlongAxisGrad: (([dy, indices], { axis, rows }, [dx], plan) => {
    expectIndices("takeAlongAxisGrad", indices, rows, plan);
    const count = dy.shape[axis]!;
    along(dx.place, dx.shape, axis, (place, dims, slabs) =>
      plan.call(addKernel, place, dims, {
        dy: slabs.view(dy.place, count),
        indices: slabs.view(indices.place, count),
        count,
      }),
    );
  }) as Lowering<"takeAlongAxisGrad">,
  scatter: (([x, indices, src], { axis }, [y], plan) => {
    expectIndices("scatter", indices, x.shape[axis]!, plan);
    const count = indices.shape[axis]!;
    along(y.place, y.shape, axis, (place, dims, slabs) =>
      plan.call(scatterKernel, place, dims, {
        x: slabs.view(x.place, x.shape[axis]!),
        indices: slabs.view(indices.place, count),
        src: slabs.view(src.place, count),
        count,
      }),
    );
  }) as Lowering<"scatter">,
};

export const moveAlongKernels: readonly GpuKernel[] = [stepKernel, unstepKernel, takeKernel, addKernel, scatterKernel];
