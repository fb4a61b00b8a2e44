/**
 * Turns what lowerings ask of a plan into calls: a pipeline, the places that it binds, a number of workgroups and a block
 * of parameters. Eager ops encode them at once, a recording keeps them for its replays.
 */
import { alignUp } from "../../util/align-up.js";
import { BackendError, ShapeError } from "../../util/errors.js";
import type { BufferPool, PooledBuffer } from "./buffer-pool.js";
import { foldGroups, MAX_GROUPS } from "./groups.js";
import { type ArgumentKind, type Dims, type GpuKernel, type InPlaceKernel, LONGEST_AXIS } from "./kernel.js";
import { FLAT_WORKGROUP, type Pipeline, type PipelineCache } from "./pipelines.js";
import { type Check, inOrder, type Place, type Plan, type Product, type View } from "./plan.js";
import { parametersOfRun } from "./wgsl/define.js";
import { productCall } from "./wgsl/product.js";

/** Memory of this executor: changes its buffer never. */
export interface DeviceMemory {
  readonly pooled: PooledBuffer;
  /** Whether its numbers are float16, which kernels see as float32 (wgsl/halves.ts). */
  readonly isHalf: boolean;
}

export const bufferOf = ({ memory }: Place): PooledBuffer => (memory as DeviceMemory).pooled;
const isHalf = ({ memory }: Place): boolean => (memory as DeviceMemory).isHalf;
const elementBytes = (place: Place): 2 | 4 => (isHalf(place) ? 2 : 4);

/** Memory from a pool, as a place. */
export function takePlace(pool: BufferPool, length: number, half = false): Place {
  return { memory: { pooled: pool.take(Math.max(4, length * (half ? 2 : 4))), isHalf: half }, offset: 0, length };
}

/** Memory that ops need while they run. */
export class Scratch {
  readonly #pool: BufferPool;
  #taken: Place[] = [];

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  take(length: number): Place {
    const place = takePlace(this.#pool, length);
    this.#taken.push(place);
    return place;
  }

  /** At the end of an op. */
  giveBack(): void {
    for (const place of this.#taken) this.#pool.give(bufferOf(place));
    this.#taken = [];
  }
}

/** A run of a buffer that a kernel sees as one array. */
export interface Bound {
  readonly pooled: PooledBuffer;
  readonly offsetBytes: number;
  readonly bytes: number;
  /** Absent: float32. */
  readonly isHalf?: boolean;
}

export interface Call {
  readonly pipeline: Pipeline;
  /** Arrays in the order of their bindings. */
  readonly bound: readonly Bound[];
  readonly groups: Dims;
  readonly parameters: Uint32Array;
  /** Of a call that writes over its first operands, which neighbours of its kind may join. */
  readonly update: InPlaceKernel | null;
  /** Threads that compute or load something; default: one for each element of the last array. */
  readonly working?: number;
  /** Bytes read and written, where that is not every array once. */
  readonly bytes?: number;
}

/** Bindings start at multiples of this, everywhere. */
const ALIGNMENT = 256;

const copyText = `struct Params { count : u32, fromFirst : u32, toFirst : u32, width : u32 }
@group(0) @binding(0) var<uniform> params : Params;
@group(0) @binding(1) var<storage, read_write> to : array<f32>;
@group(0) @binding(2) var<storage, read> source : array<f32>;
@compute @workgroup_size(${FLAT_WORKGROUP})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let i = id.x + id.y * params.width;
  if (i >= params.count) { return; }
  to[params.toFirst + i] = source[params.fromFirst + i];
}`;

const numbers = new Float32Array(1);
const bits = new Uint32Array(numbers.buffer);
const floatBits = (value: number): number => {
  numbers[0] = value;
  return bits[0]!;
};

/** Coordinates are float32 numbers in a kernel that has three. Throws ShapeError for an axis that they cannot count. */
function expectCounted({ name }: GpuKernel, dims: Dims, args: readonly (View | number)[]): void {
  for (const sizes of [dims, ...args.flatMap((arg) => (typeof arg === "number" ? [] : [arg.dims]))])
    for (const size of sizes)
      if (size > LONGEST_AXIS)
        throw new ShapeError(
          `gpu: ${name}: an axis of ${size}, expected at most ${LONGEST_AXIS}: coordinates are float32 numbers there`,
          "fewer rows at a time: slice",
        );
}

const isAligned = (place: Place): boolean => (place.offset * elementBytes(place)) % ALIGNMENT === 0;

/** Bindings are whole words: behind an odd number of halves is one more, which no kernel counts. */
export const boundOf = (place: Place): Bound => ({
  pooled: bufferOf(place),
  offsetBytes: place.offset * elementBytes(place),
  bytes: Math.max(4, alignUp(place.length * elementBytes(place), 4)),
  isHalf: isHalf(place),
});

/** A place bound from the last aligned element before it, and how many elements that is too early. */
export function startingBefore(place: Place): [Bound, number] {
  const { memory, offset, length } = place;
  const early = offset % (ALIGNMENT / elementBytes(place));
  return [boundOf({ memory, offset: offset - early, length: length + early }), early];
}

/** The pipeline that reaches all of `dims`, and its workgroups. */
function launchOf(kernel: GpuKernel, dims: Dims, pipelines: PipelineCache) {
  const pipeline = pipelines.of(kernel);
  const [x, y, z] = pipeline.workgroup;
  if (kernel.rank === 1) return { pipeline, ...foldGroups(dims[0], x) };
  const groups = [Math.ceil(dims[0] / x), Math.ceil(dims[1] / y), Math.ceil(dims[2] / z)] as const;
  if (groups.every((count) => count <= MAX_GROUPS)) return { pipeline, groups, width: 0 };
  return { pipeline: pipelines.flat(kernel), ...foldGroups(dims[0] * dims[1] * dims[2], FLAT_WORKGROUP) };
}

/** Sizes of the output, width of a row of threads; then x, y, z, total of each array; then the scalars. */
function parametersOf(
  { kinds, parameterBytes }: Pipeline,
  dims: Dims,
  width: number,
  args: readonly (View | number)[],
): Uint32Array {
  const words = new Uint32Array(parameterBytes / 4);
  let at = 0;
  for (const size of dims) words[at++] = size;
  words[at++] = width;
  for (const arg of args) {
    if (typeof arg === "number") continue;
    for (const size of arg.dims) words[at++] = size;
    words[at++] = arg.place.length;
  }
  for (let i = 0; i < kinds.length; i++) {
    const kind: ArgumentKind = kinds[i]!;
    if (kind !== "array") words[at++] = kind === "integer" ? (args[i] as number) : floatBits(args[i] as number);
  }
  return words;
}

/** Turns a check into a call. */
export interface Checks {
  call(check: Check, pipelines: PipelineCache): Call;
}

/** The plan that hands its calls to `take`, in order. */
export function planInto(take: (call: Call) => void, pipelines: PipelineCache, memory: Scratch, checks: Checks): Plan {
  const scratch = (length: number): Place => memory.take(length);

  const emit = (
    pipeline: Pipeline,
    bound: readonly Bound[],
    groups: Dims,
    parameters: Uint32Array,
    update: InPlaceKernel | null = null,
    working?: number,
  ): void => {
    // nothing to write
    if (groups[0] * groups[1] * groups[2] === 0) return;
    if (groups[0] > MAX_GROUPS || groups[1] > MAX_GROUPS || groups[2] > MAX_GROUPS)
      throw new BackendError(`gpu: ${pipeline.name} needs ${groups} workgroups, the device takes ${MAX_GROUPS} a side`);
    const shared = { bound, groups, parameters, ...(working !== undefined && { working }) };
    const halves = bound.map((one) => one.isHalf === true);
    if (!halves.includes(true)) take({ pipeline, update, ...shared });
    else take({ pipeline: pipelines.halved(pipeline, halves), update: null, ...shared });
  };

  const copy = (from: Place, to: Place): void => {
    if (from.length === 0) return;
    if (bufferOf(from) === bufferOf(to)) {
      const between = scratch(from.length);
      copy(from, between);
      copy(between, to);
      return;
    }
    const pipeline = pipelines.raw("copy", () => copyText, ["write", "read"], {
      workgroup: [FLAT_WORKGROUP, 1, 1],
      parameterBytes: 16,
      kinds: [],
    });
    const { groups, width } = foldGroups(from.length, FLAT_WORKGROUP);
    const [target, toFirst] = startingBefore(to);
    const [source, fromFirst] = startingBefore(from);
    emit(pipeline, [target, source], groups, Uint32Array.of(from.length, fromFirst, toFirst, width));
  };

  /** The place itself, or its numbers where a binding may start. */
  const aligned = (place: Place): Place => {
    if (isAligned(place)) return place;
    const moved = scratch(place.length);
    copy(place, moved);
    return moved;
  };

  return {
    device: pipelines.traits,
    copy,
    scratch,
    run(kernel, run) {
      const names = Object.keys(kernel.arrays);
      const targets: [Place, Place][] = [];
      const bound = names.map((name) => {
        const place = run.arrays[name]!;
        if (kernel.arrays[name]!.access === "read") return boundOf(aligned(place));
        const target = isAligned(place) ? place : scratch(place.length);
        if (target !== place) targets.push([target, place]);
        return boundOf(target);
      });
      const pipeline = pipelines.wgsl(kernel);
      const [x, y, z] = kernel.workgroup;
      const { working = run.groups * x * y * z } = run;
      emit(
        pipeline,
        bound,
        foldGroups(run.groups, 1).groups,
        parametersOfRun(kernel, run.numbers, run.groups),
        null,
        working,
      );
      for (const [from, to] of targets) copy(from, to);
    },
    call(kernel, out: Place, dims: Dims, given) {
      const args = inOrder(kernel, given);
      if (kernel.rank === 3) expectCounted(kernel, dims, args);
      const { pipeline, groups, width } = launchOf(kernel, dims, pipelines);
      const target = isAligned(out) ? out : scratch(out.length);
      const bound: Bound[] = [];
      for (const arg of args) if (typeof arg !== "number") bound.push(boundOf(aligned(arg.place)));
      bound.push(boundOf(target));
      emit(pipeline, bound, groups, parametersOf(pipeline, dims, width, args));
      if (target !== out) copy(target, out);
    },
    inPlace(kernel, operands, floats) {
      for (let i = 0; i < kernel.writes.length; i++) if (!isAligned(operands[i]!)) return false;
      // one buffer may not be bound twice where a kernel writes
      for (let i = 0; i < operands.length; i++)
        for (let j = 0; j < i; j++) if (bufferOf(operands[i]!) === bufferOf(operands[j]!)) return false;
      const pipeline = pipelines.ofInPlace(kernel);
      const count = operands[0]!.length;
      const parameters = new Uint32Array(pipeline.parameterBytes / 4);
      parameters[0] = count;
      for (let i = 0; i < floats.length; i++) parameters[4 + i] = floatBits(floats[i]!);
      const bound = operands.map((place) => boundOf(aligned(place)));
      emit(pipeline, bound, foldGroups(count, FLAT_WORKGROUP).groups, parameters, kernel);
      return true;
    },
    check(check) {
      if (check.place.length > 0) take(checks.call(check, pipelines));
    },
    product(product: Product) {
      const made = productCall(product, pipelines, scratch);
      if (!made || !isAligned(made.out)) return false;
      const bound = [...made.operands.map((place) => boundOf(aligned(place))), boundOf(made.out)];
      emit(made.pipeline, bound, made.groups, made.parameters);
      made.finish?.(this);
      return true;
    },
  };
}
