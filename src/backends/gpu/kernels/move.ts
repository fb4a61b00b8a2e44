/**
 * Ops that move numbers: each is a few steps over one axis, seen as [outer][axis][inner], so that no rank is too high.
 */
import { type Shape, sizeOf } from "../../../tensor/shape.js";
import { heldAs } from "../held.js";
import { defineKernel, type GpuKernel, splitPair } from "../kernel.js";
import { type BufferOperand, flat, type Lowering, type Place, type Plan, splitRows, viewOf } from "../plan.js";

const cutKernel = defineKernel(
  { name: "cut an axis", rank: 3, args: { x: "array", from: "integer" } },
  "return x[this.thread.z][this.thread.y + from][this.thread.x];",
);
const cutRowsKernel = defineKernel(
  { name: "cut rows", rank: 3, args: { x: "array", first: "integer" } },
  "return x[this.thread.z][this.thread.y][this.thread.x + first];",
);
const padKernel = defineKernel(
  { name: "pad an axis", rank: 3, args: { x: "array", before: "integer", size: "integer", value: "float" } },
  `const at = this.thread.y - before;
  if (at < 0) { return value; }
  if (at >= size) { return value; }
  return x[this.thread.z][at][this.thread.x];`,
);
const joinKernel = defineKernel(
  { name: "join along an axis", rank: 3, args: { a: "array", b: "array", size: "integer" } },
  `if (this.thread.y < size) { return a[this.thread.z][this.thread.y][this.thread.x]; }
  return b[this.thread.z][this.thread.y - size][this.thread.x];`,
);
const transposeKernel = defineKernel(
  { name: "transpose", rank: 3, args: { x: "array" } },
  "return x[this.thread.z][this.thread.x][this.thread.y];",
);
/** x [outer][middle][axis][inner] -> [outer][axis][middle][inner]. */
const swapKernel = defineKernel(
  { name: "swap two axes", rank: 3, args: { x: "array", size: "integer" } },
  `${splitPair("outer", "at", "this.thread.z", "size")}
  return x[outer][this.thread.y * size + at][this.thread.x];`,
);
const gatherKernel = defineKernel(
  { name: "gather", rank: 3, args: { table: "array", indices: "array", rows: "integer" } },
  `const row = indices[this.thread.y];
  if (row < 0) { return 0; }
  if (row >= rows) { return 0; }
  return table[0][row][this.thread.x];`,
);
const scatterKernel = defineKernel(
  { name: "scatterAdd", rank: 3, args: { dy: "array", indices: "array", count: "integer" } },
  `let total = 0;
  for (let i = 0; i < count; i++) {
    if (indices[i] === this.thread.y) { total += dy[0][i][this.thread.x]; }
  }
  return total;`,
);
const oneHotKernel = defineKernel(
  { name: "oneHot", rank: 3, args: { indices: "array" } },
  "if (indices[this.thread.y] === this.thread.x) { return 1; }\nreturn 0;",
);

/** What z can count. */
export const MAX_Z = 65_535;

export const around = (shape: Shape, axis: number) => ({
  outer: sizeOf(shape.slice(0, axis)),
  inner: sizeOf(shape.slice(axis + 1)),
});

/** Applies `step` to every axis that changes, through scratch; the last writes to y. */
export function byAxis(
  x: BufferOperand,
  y: BufferOperand,
  plan: Plan,
  step: (from: Place, shape: Shape, axis: number, out: Place) => void,
  changes = (axis: number): boolean => x.shape[axis] !== y.shape[axis],
): void {
  const changing = x.shape.flatMap((_, axis) => (changes(axis) ? [axis] : []));
  if (changing.length === 0) plan.copy(x.place, y.place);
  let place = x.place;
  let shape: Shape = x.shape;
  changing.forEach((axis, i) => {
    const next = shape.map((size, at) => (at === axis ? y.shape[axis]! : size));
    const out = i === changing.length - 1 ? y.place : plan.scratch(sizeOf(next));
    step(place, shape, axis, out);
    place = out;
    shape = next;
  });
}

const slice: Lowering<"slice"> = ([x], { begin, size }, [y], plan) =>
  byAxis(x, y, plan, (from, shape, axis, out) => {
    const { outer, inner } = around(shape, axis);
    if (outer > MAX_Z) {
      // rows of [axis][inner] as one run each, as many in y as there are
      const [row, kept, first] = [shape[axis]! * inner, size[axis]! * inner, begin[axis]! * inner];
      const { z, y: rows } = splitRows(outer);
      plan.call(cutRowsKernel, out, [kept, rows, z], { x: viewOf(from, z, rows, row), first });
      return;
    }
    const args = { x: viewOf(from, outer, shape[axis]!, inner), from: begin[axis]! };
    plan.call(cutKernel, out, [inner, size[axis]!, outer], args);
  });

const pad: Lowering<"pad"> = ([x], { before, value }, [y], plan) =>
  byAxis(x, y, plan, (from, shape, axis, out) => {
    const { outer, inner } = around(shape, axis);
    plan.call(padKernel, out, [inner, y.shape[axis]!, outer], {
      x: viewOf(from, outer, shape[axis]!, inner),
      before: before[axis]!,
      size: shape[axis]!,
      value: heldAs(value, x.dtype, "pad"),
    });
  });

const concat: Lowering<"concat"> = (inputs, { axis }, [y], plan) => {
  const { outer, inner } = around(y.shape, axis);
  // gpu.js takes no empty arrays
  const [first, ...rest] = (inputs as readonly BufferOperand[]).filter(({ shape }) => shape[axis]! > 0);
  if (rest.length === 0) return plan.copy(first!.place, y.place);
  let place = first!.place;
  let size = first!.shape[axis]!;
  rest.forEach((next, i) => {
    const joined = size + next.shape[axis]!;
    const out = i === rest.length - 1 ? y.place : plan.scratch(outer * joined * inner);
    plan.call(joinKernel, out, [inner, joined, outer], {
      a: viewOf(place, outer, size, inner),
      b: viewOf(next.place, outer, next.shape[axis]!, inner),
      size,
    });
    place = out;
    size = joined;
  });
};

/** Axes that stay neighbours, merged: the shape and order that are left. */
function mergePerm(shape: Shape, perm: readonly number[]): { shape: number[]; perm: number[] } {
  const blocks: number[][] = [];
  for (const axis of perm.filter((a) => shape[a] !== 1)) {
    const last = blocks.at(-1);
    const isNext = last && shape.slice(last.at(-1)! + 1, axis).every((size) => size === 1) && axis > last.at(-1)!;
    if (isNext) last.push(axis);
    else blocks.push([axis]);
  }
  const order = blocks.map((_, i) => i).sort((a, b) => blocks[a]![0]! - blocks[b]![0]!);
  return {
    shape: order.map((i) => sizeOf(blocks[i]!.map((axis) => shape[axis]!))),
    perm: blocks.map((_, i) => order.indexOf(i)),
  };
}

const transpose: Lowering<"transpose"> = ([x], attrs, [y], plan) => {
  const merged = mergePerm(x.shape, attrs.perm);
  let { shape } = merged;
  /** Which merged axis lies where now. */
  let order = shape.map((_, i) => i);
  let place = x.place;
  merged.perm.forEach((wanted, to) => {
    const from = order.indexOf(wanted);
    if (from === to) return;
    const outer = sizeOf(shape.slice(0, to));
    const middle = sizeOf(shape.slice(to, from));
    const size = shape[from]!;
    const inner = sizeOf(shape.slice(from + 1));
    const moved = <T>(list: readonly T[]): T[] => [
      ...list.slice(0, to),
      list[from]!,
      ...list.slice(to, from),
      ...list.slice(from + 1),
    ];
    order = moved(order);
    shape = moved(shape);
    const out = order.every((axis, i) => axis === merged.perm[i]) ? y.place : plan.scratch(x.size);
    if (inner === 1) plan.call(transposeKernel, out, [middle, size, outer], { x: viewOf(place, outer, middle, size) });
    else {
      const x4 = viewOf(place, outer, middle * size, inner);
      plan.call(swapKernel, out, [inner, middle, outer * size], { x: x4, size });
    }
    place = out;
  });
  if (place === x.place) plan.copy(x.place, y.place);
};

export const expectIndices = (op: string, { place }: BufferOperand, limit: number, plan: Plan): void =>
  plan.check({ kind: "index", op, place, low: 0, high: limit - 1 });

export const moves = {
  slice,
  pad,
  concat,
  transpose,
  gather: (([table, indices], _, [y], plan) => {
    const rows = table.shape[0]!;
    expectIndices("gather", indices, rows, plan);
    const width = table.size / Math.max(1, rows);
    plan.call(gatherKernel, y.place, [width, indices.size, 1], {
      table: viewOf(table.place, 1, rows, width),
      indices: flat(indices.place),
      rows,
    });
  }) as Lowering<"gather">,
  scatterAdd: (([dy, indices], { rows }, [y], plan) => {
    expectIndices("scatterAdd", indices, rows, plan);
    const width = y.size / rows;
    plan.call(scatterKernel, y.place, [width, rows, 1], {
      dy: viewOf(dy.place, 1, indices.size, width),
      indices: flat(indices.place),
      count: indices.size,
    });
  }) as Lowering<"scatterAdd">,
  oneHot: (([indices], { depth }, [y], plan) => {
    expectIndices("oneHot", indices, depth, plan);
    plan.call(oneHotKernel, y.place, [depth, indices.size, 1], { indices: flat(indices.place) });
  }) as Lowering<"oneHot">,
};

export const moveKernels: readonly GpuKernel[] = [
  cutKernel,
  cutRowsKernel,
  padKernel,
  joinKernel,
  transposeKernel,
  swapKernel,
  gatherKernel,
  scatterKernel,
  oneHotKernel,
];
