/**
 * How operands of different shapes meet: axes that broadcast alike are merged, and three are enough for a kernel; what needs
 * more is expanded first.
 */
import { type Shape, sameShape, sizeOf } from "../../../tensor/shape.js";
import { allOf, defineKernel, type GpuArgs, type GpuKernel } from "../kernel.js";
import { type BufferOperand, flat, type Place, type Plan, part, splitRows, type View, viewOf } from "../plan.js";

/** An operand that broadcasts counts its coordinates with factors 0 or 1. */
export const broadcastRead = (array: string): string =>
  `${array}[this.thread.z * ${array}z][this.thread.y * ${array}y][this.thread.x * ${array}x]`;
const axes = ["z", "y", "x"] as const;
export const factors = <const N extends string>(...arrays: readonly N[]) =>
  allOf(
    "integer",
    arrays.flatMap((array) => axes.map((axis) => `${array}${axis}` as const)),
  );

export const expandKernel = defineKernel(
  { name: "expand", rank: 3, args: { x: "array", ...factors("x") } },
  `return ${broadcastRead("x")};`,
);

/** How operands meet the output: at most three merged axes, from slow to fast, and which of them each operand has. */
interface Meeting {
  readonly dims: readonly [z: number, y: number, x: number];
  readonly has: readonly (readonly [z: boolean, y: boolean, x: boolean])[];
}

/** null where more than three axes remain. */
function meet(shapes: readonly Shape[], shape: Shape): Meeting | null {
  const merged: { size: number; has: readonly boolean[] }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const has = shapes.map((s) => (s[axis - shape.length + s.length] ?? 1) !== 1);
    const last = merged.at(-1);
    if (last && has.every((h, i) => h === last.has[i])) last.size *= size;
    else merged.push({ size, has });
  });
  if (merged.length > 3) return null;
  while (merged.length < 3) merged.unshift({ size: 1, has: shapes.map(() => false) });
  let [z, y, x] = merged as [(typeof merged)[0], (typeof merged)[0], (typeof merged)[0]];
  if (z.size === 1 && y.size > 1) {
    const layers = splitRows(y.size);
    [z, y] = [
      { size: layers.z, has: y.has },
      { size: layers.y, has: y.has },
    ];
  }
  return { dims: [z.size, y.size, x.size], has: shapes.map((_, i) => [z.has[i]!, y.has[i]!, x.has[i]!]) };
}

type Operands<N extends string> = { readonly [A in N]: Place };
type MeetingArgs<N extends string> = { readonly [A in N]: View } & {
  readonly [F in `${N}${(typeof axes)[number]}`]: number;
};

/** Operands under a meeting: a view, and a factor per axis, of each. */
function meetingArgs<N extends string>({ dims, has }: Meeting, places: Operands<N>): MeetingArgs<N> {
  const entries = Object.entries<Place>(places).flatMap(([name, place], i) => {
    const [z, y, x] = dims.map((size, axis) => (has[i]![axis] ? size : 1)) as [number, number, number];
    return [[name, viewOf(place, z, y, x)], ...axes.map((axis, a) => [`${name}${axis}`, Number(has[i]![a])])];
  });
  return Object.fromEntries(entries) as MeetingArgs<N>;
}

/** What x can count, in rows of any width; a run that is longer is seen as rows of LONG numbers, and a rest. */
const MAX_X = 65_535 * 8;
const LONG = 65_536;

/** The calls that do a meeting: one, or two where a single run is too long for one dispatch. */
function inReach<N extends string>(meeting: Meeting, places: Operands<N>, out: Place) {
  const { dims, has } = meeting;
  const [z, y, x] = dims;
  const callOf = (one: Meeting, operands: Operands<N>, target: Place) => ({
    dims: [one.dims[2], one.dims[1], one.dims[0]] as const,
    args: meetingArgs(one, operands),
    out: target,
  });
  if (z * y > 1 || x <= MAX_X) return [callOf(meeting, places, out)];
  const rows = Math.floor(x / LONG);
  const [first, rest] = [rows * LONG, x % LONG];
  const piece = (place: Place, hasX: boolean, from: number, length: number): Place =>
    hasX ? part(place, from, length) : place;
  const pieces = (from: number, length: number): Operands<N> =>
    Object.fromEntries(
      Object.entries<Place>(places).map(([name, place], i) => [name, piece(place, has[i]![2], from, length)]),
    ) as Operands<N>;
  const wide: Meeting = { dims: [1, rows, LONG], has: has.map(([, , hasX]) => [false, hasX, hasX]) };
  const narrow: Meeting = { dims: [1, 1, rest], has };
  const calls = [callOf(wide, pieces(0, first), part(out, 0, first))];
  return rest === 0 ? calls : [...calls, callOf(narrow, pieces(first, rest), part(out, first, rest))];
}

/** Writes x, repeated, over `shape`: one axis after the other where a kernel cannot do all at once. */
export function expand(x: Pick<BufferOperand, "place" | "shape">, shape: Shape, out: Place, plan: Plan): void {
  const meeting = meet([x.shape], shape);
  if (meeting) {
    for (const call of inReach(meeting, { x: x.place }, out)) plan.call(expandKernel, call.out, call.dims, call.args);
    return;
  }
  const padded = [...shape.slice(x.shape.length).map(() => 1), ...x.shape];
  while (padded.length < shape.length) padded.unshift(1);
  const axis = padded.findIndex((size, i) => size !== shape[i]);
  const wider = padded.map((size, i) => (i === axis ? shape[i]! : size));
  const isLast = sameShape(wider, shape);
  const place = isLast ? out : plan.scratch(sizeOf(wider));
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(padded.slice(axis + 1));
  const view = viewOf(x.place, outer, 1, inner);
  plan.call(expandKernel, place, [inner, shape[axis]!, outer], { x: view, xz: 1, xy: 0, xx: 1 });
  if (!isLast) expand({ place, shape: wider }, shape, out, plan);
}

/** The operand itself, or its numbers repeated over `shape`. */
function expanded(x: BufferOperand, shape: Shape, plan: Plan): Place {
  if (sameShape(x.shape, shape) || x.size === sizeOf(shape)) return x.place;
  const place = plan.scratch(sizeOf(shape));
  expand(x, shape, place, plan);
  return place;
}

type Factors<N extends string> = { readonly [F in `${N}${(typeof axes)[number]}`]: "integer" };
interface BroadcastKernels<N extends string> {
  readonly same: GpuKernel<{ readonly [A in N]: "array" }>;
  readonly spread: GpuKernel<{ readonly [A in N]: "array" } & Factors<N>>;
}

/** Computes y from operands that broadcast to it: as they are, in one call of merged axes, or expanded first. */
export function runBroadcast<N extends string>(
  kernels: BroadcastKernels<NoInfer<N>>,
  inputs: { readonly [A in N]: BufferOperand },
  y: BufferOperand,
  plan: Plan,
): void {
  const operands = Object.entries<BufferOperand>(inputs);
  const views = (placeOf: (x: BufferOperand) => Place) =>
    Object.fromEntries(operands.map(([name, x]) => [name, flat(placeOf(x))])) as { readonly [A in N]: View };
  const same = (placeOf: (x: BufferOperand) => Place) =>
    plan.call<GpuArgs>(kernels.same, y.place, [y.size, 1, 1], views(placeOf));
  if (operands.every(([, x]) => x.size === y.size)) {
    same(({ place }) => place);
    return;
  }
  const meeting = meet(
    operands.map(([, x]) => x.shape),
    y.shape,
  );
  if (meeting) {
    const places = Object.fromEntries(operands.map(([name, { place }]) => [name, place])) as Operands<N>;
    for (const { dims, args, out } of inReach(meeting, places, y.place))
      plan.call<GpuArgs>(kernels.spread, out, dims, args);
    return;
  }
  same((x) => expanded(x, y.shape, plan));
}
