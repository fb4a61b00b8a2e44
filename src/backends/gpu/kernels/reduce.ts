/**
 * Reductions in stages: a run of up to CHUNK numbers per thread, then the partial results again, until one is left. That
 * keeps threads many, loops short and float32 sums accurate (the error grows with the length of a run, not of the whole).
 */
import { type Shape, sizeOf } from "../../../tensor/shape.js";
import { type Dims, defineKernel, type GpuArgs, type GpuKernel, LONGEST_AXIS, splitPair } from "../kernel.js";
import {
  type BufferOperand,
  type GivenArgs,
  type Lowering,
  type Place,
  type Plan,
  part,
  splitRows,
  type View,
  viewOf,
} from "../plan.js";

/** Numbers that one thread takes in. */
const CHUNK = 256;

const stageArgs = { x: "array", count: "integer", length: "integer" } as const;

/** x [outer][k][inner] -> [chunks][outer][inner]: chunk z takes `length` numbers from k = z · length. */
const stage = <const S extends GpuArgs>(name: string, start: string, take: string, finish: string, scalars: S) =>
  defineKernel(
    { name, rank: 3, args: { ...stageArgs, ...scalars } },
    `const from = this.thread.z * length;
    let total = ${start};
    for (let k = 0; k < length; k++) {
      if (from + k < count) {
        const v = x[this.thread.y][from + k][this.thread.x];
        ${take}
      }
    }
    return ${finish};`,
  );

const FIRST = "x[this.thread.y][this.thread.z * length][this.thread.x]";
const sumKernel = stage("sum", "0", "total += v;", "total * scale", { scale: "float" });
const maxKernel = stage("max", FIRST, "total = larger(total, v);", "total", {});
const minKernel = stage("min", FIRST, "total = smaller(total, v);", "total", {});

/** A stage of a reduction; `scale` is 1 where results cannot be scaled. */
type Stage = (plan: Plan, out: Place, dims: Dims, args: GivenArgs<typeof stageArgs>, scale: number) => void;
const sumStage: Stage = (plan, out, dims, args, scale) => plan.call(sumKernel, out, dims, { ...args, scale });
const maxStage: Stage = (plan, out, dims, args) => plan.call(maxKernel, out, dims, args);
const minStage: Stage = (plan, out, dims, args) => plan.call(minKernel, out, dims, args);

const argmaxKernel = defineKernel(
  { name: "argmax", rank: 3, args: { x: "array", count: "integer" } },
  `let best = x[this.thread.y][0][this.thread.x];
  let at = 0;
  for (let k = 1; k < count; k++) {
    const v = x[this.thread.y][k][this.thread.x];
    if (isNan(best) < 0.5 && (isNan(v) > 0.5 || v > best)) {
      best = v;
      at = k;
    }
  }
  return at;`,
);

const sumExpKernel = defineKernel(
  { name: "sum of exp", rank: 3, args: { x: "array", largest: "array", count: "integer" } },
  `const shift = largest[this.thread.y][0][this.thread.x];
  let total = 0;
  for (let k = 0; k < count; k++) {
    total += expOf(x[this.thread.y][k][this.thread.x] - shift);
  }
  return total;`,
);

const SHIFTED = "const v = x[this.thread.z][this.thread.y][this.thread.x] - largest[this.thread.z][0][this.thread.x];";
const softmaxKernel = defineKernel(
  { name: "softmax", rank: 3, args: { x: "array", largest: "array", total: "array" } },
  `${SHIFTED}
  return expOf(v) / total[this.thread.z][0][this.thread.x];`,
);
const logSoftmaxKernel = defineKernel(
  { name: "logSoftmax", rank: 3, args: { x: "array", largest: "array", total: "array" } },
  `${SHIFTED}
  return v - logOf(total[this.thread.z][0][this.thread.x]);`,
);

/** A run of axes as [outer][count][inner]. */
export interface Run {
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

/** Numbers in a row, where a run is too long for a kernel to count. */
const ROW = 1 << 20;

/** A run of more than LONGEST_AXIS numbers: each of its few outer ones as rows and a rest, then their results. */
function reduceLongRun(
  stage: Stage,
  x: Place,
  { outer, count, inner }: Run,
  out: Place,
  plan: Plan,
  scale: number,
): void {
  const rows = Math.floor(count / ROW);
  const rest = count - rows * ROW;
  const results = rest === 0 ? rows : rows + 1;
  for (let o = 0; o < outer; o++) {
    const between = plan.scratch(results * inner);
    const own = part(x, o * count * inner, count * inner);
    reduceRun(stage, part(own, 0, rows * ROW * inner), { outer: rows, count: ROW, inner }, between, plan, 1);
    if (rest > 0) {
      const last = part(own, rows * ROW * inner, rest * inner);
      reduceRun(stage, last, { outer: 1, count: rest, inner }, part(between, rows * inner, inner), plan, 1);
    }
    reduceRun(stage, between, { outer: 1, count: results, inner }, part(out, o * inner, inner), plan, scale);
  }
}

function reduceRun(stage: Stage, x: Place, run: Run, out: Place, plan: Plan, scale: number): void {
  const { outer, count, inner } = run;
  if (count > LONGEST_AXIS) {
    reduceLongRun(stage, x, run, out, plan, scale);
    return;
  }
  const size = outer * inner;
  const chunks = Math.max(1, Math.ceil(count / CHUNK));
  const isLast = chunks === 1;
  const length = Math.ceil(count / chunks);
  const place = isLast ? out : plan.scratch(chunks * size);
  const args = { x: viewOf(x, outer, count, inner), count, length };
  stage(plan, place, [inner, outer, chunks], args, isLast ? scale : 1);
  // partial results lie as [chunks][outer · inner]
  if (!isLast) reduceRun(stage, place, { outer: 1, count: chunks, inner: size }, out, plan, scale);
}

/** out [outer][inner] = scale · Σ x [outer][count][inner]. */
export const sumRun = (x: Place, run: Run, out: Place, plan: Plan, scale = 1): void =>
  reduceRun(sumStage, x, run, out, plan, scale);

/** A kernel that sums a term over rows, and what its caller says of the term: all but how rows are counted. */
export interface ColumnTerm<T extends GpuArgs> {
  readonly kernel: GpuKernel;
  readonly terms: T;
}

/**
 * A kernel for Σ over rows of a term of x [layers][rows][C] and of vectors; `term` is of `layer`, `row`, this.thread.x, and
 * of what `start` declares. Chunk z of the rows is one of `chunks` of its layer.
 */
export function columnTerm<const A extends GpuArgs, const F extends GpuArgs>(
  name: string,
  arrays: A,
  term: string,
  floats: F,
  start = "",
): ColumnTerm<A & F> {
  const args = {
    ...arrays,
    count: "integer",
    length: "integer",
    chunks: "integer",
    ...floats,
    scale: "float",
  } as const;
  const kernel = defineKernel(
    { name, rank: 3, args },
    `${splitPair("layer", "chunk", "this.thread.z", "chunks")}
    const from = chunk * length;
    ${start}
    let total = 0;
    for (let k = 0; k < length; k++) {
      if (from + k < count) {
        const row = from + k;
        ${term}
      }
    }
    return total * scale;`,
  );
  return { kernel, terms: { ...arrays, ...floats } };
}

/** A tensor [..., C] as layers of rows that a kernel can count: one, where that is possible. */
export function layersOf(x: BufferOperand): View {
  const channels = x.shape.at(-1)!;
  const rows = x.size / channels;
  if (rows <= LONGEST_AXIS) return viewOf(x.place, 1, rows, channels);
  const { z, y } = splitRows(rows);
  return viewOf(x.place, z, y, channels);
}

/** out [C] = scale · Σ over the layers and rows of the term, which `rows` has as its dims. */
export function sumColumns<T extends GpuArgs>(
  { kernel }: ColumnTerm<T>,
  terms: GivenArgs<NoInfer<T>>,
  { dims: [channels, rows, layers] }: View,
  out: Place,
  plan: Plan,
  scale = 1,
): void {
  const chunks = Math.max(1, Math.ceil(rows / CHUNK));
  const length = Math.ceil(rows / chunks);
  const parts = layers * chunks;
  const isLast = parts === 1;
  const partial = isLast ? out : plan.scratch(parts * channels);
  const counts = { count: rows, length, chunks, scale: isLast ? scale : 1 };
  plan.call(kernel, partial, [channels, 1, parts], { ...terms, ...counts });
  if (isLast) return;
  sumRun(partial, { outer: 1, count: parts, inner: channels }, out, plan, scale);
}

/** Neighbouring axes that are all reduced, or all kept, merged; sizes 1 left out. */
function runsOf(shape: Shape, axes: readonly number[]): { size: number; isReduced: boolean }[] {
  const runs: { size: number; isReduced: boolean }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const isReduced = axes.includes(axis);
    const last = runs.at(-1);
    if (last && last.isReduced === isReduced) last.size *= size;
    else runs.push({ size, isReduced });
  });
  return runs;
}

function reduceAxes(
  stage: Stage,
  x: BufferOperand,
  axes: readonly number[],
  y: BufferOperand,
  plan: Plan,
  scale: number,
): void {
  const runs = runsOf(x.shape, axes);
  if (!runs.some(({ isReduced }) => isReduced)) plan.copy(x.place, y.place);
  let place = x.place;
  // the slowest first: it leaves contiguous rows
  for (let at = runs.findIndex(({ isReduced }) => isReduced); at >= 0; ) {
    const count = runs[at]!.size;
    const outer = runs.slice(0, at).reduce((product, { size }) => product * size, 1);
    const inner = runs.slice(at + 1).reduce((product, { size }) => product * size, 1);
    runs.splice(at, 1);
    at = runs.findIndex(({ isReduced }) => isReduced);
    const isLast = at < 0;
    const out = isLast ? y.place : plan.scratch(outer * inner);
    reduceRun(stage, place, { outer, count, inner }, out, plan, isLast ? scale : 1);
    place = out;
  }
}

const reduced =
  (stage: Stage, scaleOf: (count: number) => number = () => 1): Lowering<"sum"> =>
  ([x], { axes }, [y], plan) =>
    reduceAxes(stage, x, axes, y, plan, scaleOf(sizeOf(axes.map((axis) => x.shape[axis]!))));

const runAlong = (shape: Shape, axis: number): Run => ({
  outer: sizeOf(shape.slice(0, axis)),
  count: shape[axis]!,
  inner: sizeOf(shape.slice(axis + 1)),
});

const normalized =
  (kernel: typeof softmaxKernel): Lowering<"softmax"> =>
  ([x], { axis }, [y], plan) => {
    const run = runAlong(x.shape, axis);
    const { outer, count, inner } = run;
    const largest = plan.scratch(outer * inner);
    const total = plan.scratch(outer * inner);
    reduceRun(maxStage, x.place, run, largest, plan, 1);
    const view = viewOf(x.place, outer, count, inner);
    const rows = (place: Place): View => viewOf(place, outer, 1, inner);
    plan.call(sumExpKernel, total, [inner, outer, 1], { x: view, largest: rows(largest), count });
    const args = { x: view, largest: rows(largest), total: rows(total) };
    plan.call(kernel, y.place, [inner, count, outer], args);
  };

export const reductions = {
  sum: reduced(sumStage),
  mean: reduced(sumStage, (count) => 1 / count),
  max: reduced(maxStage),
  min: reduced(minStage),
  argmax: (([x], { axis }, [y], plan) => {
    const { outer, count, inner } = runAlong(x.shape, axis);
    plan.call(argmaxKernel, y.place, [inner, outer, 1], { x: viewOf(x.place, outer, count, inner), count });
  }) as Lowering<"argmax">,
  softmax: normalized(softmaxKernel),
  logSoftmax: normalized(logSoftmaxKernel),
};

export const reductionKernels: readonly GpuKernel[] = [
  sumKernel,
  maxKernel,
  minKernel,
  argmaxKernel,
  sumExpKernel,
  softmaxKernel,
  logSoftmaxKernel,
];
