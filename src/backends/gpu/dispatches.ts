/**
 * Turns calls of a plan into dispatches: a pipeline, a bind group (kept by what it binds, so that a training step finds its
 * own again), a number of workgroups and a block of parameters. Whoever gets a dispatch encodes it now or keeps it.
 */
import { BackendError } from "../../util/errors.js";
import type { BufferPool, PooledBuffer } from "./buffer-pool.js";
import type { ArgumentKind, Dims, GpuKernel } from "./kernel.js";
import { FLAT_WORKGROUP, type Pipeline, type PipelineCache } from "./pipelines.js";
import type { Place, Plan, Product, View } from "./plan.js";
import { productDispatch } from "./wgsl/product.js";

/** Memory of this executor: changes its buffer never. */
export interface DeviceMemory {
  readonly pooled: PooledBuffer;
}

export const bufferOf = ({ memory }: Place): PooledBuffer => (memory as DeviceMemory).pooled;

export interface Dispatch {
  readonly pipeline: Pipeline;
  readonly bindGroup: GPUBindGroup;
  readonly groups: Dims;
  readonly parameters: Uint32Array;
}

/** A kernel's arrays in the order of its bindings. */
interface Bound {
  readonly pooled: PooledBuffer;
  readonly offsetBytes: number;
  readonly bytes: number;
}

/** Bindings start at multiples of this, everywhere. */
const ALIGNMENT = 256;
const MAX_GROUPS = 65_535;
/** Bind groups kept; a step of S0 has about three thousand. */
const KEPT = 16_384;

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

/** One row of workgroups as far as a dispatch reaches, then more rows. */
function foldGroups(count: number, threads: number): { readonly groups: Dims; readonly width: number } {
  const all = Math.ceil(count / threads);
  const rows = Math.ceil(all / MAX_GROUPS);
  const inRow = Math.ceil(all / rows);
  return { groups: [inRow, rows, 1], width: inRow * threads };
}

export const isAligned = ({ offset }: Place): boolean => (offset * 4) % ALIGNMENT === 0;

export class Dispatches {
  readonly #device: GPUDevice;
  readonly #pipelines: PipelineCache;
  #bindGroups = new Map<string, GPUBindGroup>();

  constructor(device: GPUDevice, pipelines: PipelineCache) {
    this.#device = device;
    this.#pipelines = pipelines;
  }

  get bindGroups(): number {
    return this.#bindGroups.size;
  }

  make(
    pipeline: Pipeline,
    uniforms: PooledBuffer,
    bound: readonly Bound[],
    groups: Dims,
    parameters: Uint32Array,
  ): Dispatch {
    if (groups.some((count) => count > MAX_GROUPS))
      throw new BackendError(`gpu: ${pipeline.name} needs ${groups} workgroups, the device takes ${MAX_GROUPS} a side`);
    return { pipeline, bindGroup: this.#bindGroup(pipeline, uniforms, bound), groups, parameters };
  }

  /** The plan whose dispatches go to `emit`, with the next one's parameters in `uniforms()` and scratch from `scratch`. */
  plan(uniforms: () => PooledBuffer, scratch: (length: number) => Place, emit: (dispatch: Dispatch) => void): Plan {
    const copy = (from: Place, to: Place): void => {
      if (from.length === 0) return;
      if (bufferOf(from) === bufferOf(to)) {
        const between = scratch(from.length);
        copy(from, between);
        copy(between, to);
        return;
      }
      const pipeline = this.#pipelines.raw("copy", () => copyText, ["write", "read"], {
        workgroup: [FLAT_WORKGROUP, 1, 1],
        parameterBytes: 16,
        kinds: [],
      });
      const { groups, width } = foldGroups(from.length, FLAT_WORKGROUP);
      const [target, toFirst] = startingBefore(to);
      const [source, fromFirst] = startingBefore(from);
      emit(
        this.make(
          pipeline,
          uniforms(),
          [target, source],
          groups,
          Uint32Array.of(from.length, fromFirst, toFirst, width),
        ),
      );
    };
    const alignedView = (view: View): View => {
      if (isAligned(view.place)) return view;
      const place = scratch(view.place.length);
      copy(view.place, place);
      return { place, dims: view.dims };
    };
    return {
      copy,
      scratch,
      call: (kernel, out, dims, args) => {
        const target = isAligned(out) ? out : scratch(out.length);
        const aligned = args.map((arg) => (typeof arg === "number" ? arg : alignedView(arg)));
        emit(this.#callOf(kernel, uniforms(), target, dims, aligned));
        if (target !== out) copy(target, out);
      },
      inPlace: (kernel, operands, floats) => {
        if (!operands.slice(0, kernel.writes.length).every(isAligned)) return false;
        const buffers = new Set(operands.map(bufferOf));
        if (buffers.size < operands.length) return false;
        const pipeline = this.#pipelines.ofInPlace(kernel);
        const { groups, width } = foldGroups(operands[0]!.length, FLAT_WORKGROUP);
        const parameters = new Uint32Array(pipeline.parameterBytes / 4);
        parameters.set([operands[0]!.length, 0, 0, width, ...floats.map(floatBits)]);
        const bound = operands.map((place) => boundOf(alignedView({ place, dims: [1, 1, 1] }).place));
        emit(this.make(pipeline, uniforms(), bound, groups, parameters));
        return true;
      },
      product: (product: Product) => {
        const made = productDispatch(product, this.#pipelines, scratch);
        if (!made) return false;
        const bound = made.places.map((place) => boundOf(alignedView({ place, dims: [1, 1, 1] }).place));
        emit(this.make(made.pipeline, uniforms(), bound, made.groups, made.parameters));
        if (made.finish) made.finish(this.plan(uniforms, scratch, emit));
        return true;
      },
    };
  }

  #callOf(
    kernel: GpuKernel,
    uniforms: PooledBuffer,
    out: Place,
    dims: Dims,
    args: readonly (View | number)[],
  ): Dispatch {
    const pipeline = this.#pipelines.of(kernel);
    const [x, y, z] = pipeline.workgroup;
    const { groups, width } =
      kernel.rank === 1
        ? foldGroups(dims[0], x)
        : { groups: [Math.ceil(dims[0] / x), Math.ceil(dims[1] / y), Math.ceil(dims[2] / z)] as const, width: 0 };
    const views = args.filter((arg): arg is View => typeof arg !== "number");
    const bound = [...views.map(({ place }) => boundOf(place)), boundOf(out)];
    return this.make(pipeline, uniforms, bound, groups, parametersOf(pipeline, dims, width, args));
  }

  #bindGroup(pipeline: Pipeline, uniforms: PooledBuffer, bound: readonly Bound[]): GPUBindGroup {
    let key = `${pipeline.id} ${uniforms.id}`;
    for (const { pooled, offsetBytes, bytes } of bound) key += ` ${pooled.id} ${offsetBytes} ${bytes}`;
    const known = this.#bindGroups.get(key);
    if (known) return known;
    if (this.#bindGroups.size >= KEPT) this.#bindGroups = new Map();
    const made = this.#device.createBindGroup({
      layout: pipeline.layout,
      entries: [
        { binding: 0, resource: { buffer: uniforms.buffer, offset: 0, size: pipeline.parameterBytes } },
        ...bound.map(({ pooled, offsetBytes, bytes }, i) => ({
          binding: 1 + i,
          resource: { buffer: pooled.buffer, offset: offsetBytes, size: bytes },
        })),
      ],
    });
    this.#bindGroups.set(key, made);
    return made;
  }

  /** Bind groups hold buffers; forget them when buffers go away. */
  forget(): void {
    this.#bindGroups = new Map();
  }
}

const boundOf = (place: Place): Bound => ({
  pooled: bufferOf(place),
  offsetBytes: place.offset * 4,
  bytes: Math.max(4, place.length * 4),
});

/** A place bound from the last aligned element before it, and how many elements that is too early. */
function startingBefore({ memory, offset, length }: Place): [Bound, number] {
  const early = offset % (ALIGNMENT / 4);
  return [boundOf({ memory, offset: offset - early, length: length + early }), early];
}

function parametersOf(
  { kinds, parameterBytes }: Pipeline,
  dims: Dims,
  width: number,
  args: readonly (View | number)[],
): Uint32Array {
  const words = new Uint32Array(parameterBytes / 4);
  words.set([...dims, width]);
  let at = 4;
  kinds.forEach((kind, i) => {
    if (kind !== "array") return;
    const { dims: seen, place } = args[i] as View;
    words.set([...seen, place.length], at);
    at += 4;
  });
  kinds.forEach((kind: ArgumentKind, i) => {
    if (kind === "array") return;
    const value = args[i] as number;
    words[at++] = kind === "integer" ? value : floatBits(value);
  });
  return words;
}

/** Memory from a pool, as a place. */
export function takePlace(pool: BufferPool, length: number): Place {
  return { memory: { pooled: pool.take(Math.max(4, length * 4)) }, offset: 0, length };
}
