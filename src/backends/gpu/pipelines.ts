/**
 * Kernels made into pipelines, when first used: gpu.js's translations, and WGSL that writes in place. All of them find
 * their parameters at binding 0, with an offset given at each call, and their arrays at the bindings after it.
 */
import type { GpuJs } from "./gpujs.js";
import type { ArgumentKind, Dims, GpuKernel, InPlaceKernel } from "./kernel.js";

export interface Pipeline {
  readonly id: number;
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly workgroup: Dims;
  readonly parameterBytes: number;
  readonly kinds: readonly ArgumentKind[];
}

const COMPUTE = 4;
/** Threads of a workgroup that runs over a flat index. */
export const FLAT_WORKGROUP = 64;

/** How an array is bound. */
export type Access = "read" | "write";

export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #gpujs: GpuJs;
  readonly #known = new Map<string, Pipeline>();

  constructor(device: GPUDevice, gpujs: GpuJs) {
    this.#device = device;
    this.#gpujs = gpujs;
  }

  get size(): number {
    return this.#known.size;
  }

  of(kernel: GpuKernel): Pipeline {
    return this.#cached(kernel.name, () => {
      const { wgsl, workgroup, parameterBytes } = this.#gpujs.translate(kernel);
      const kinds = Object.values(kernel.args);
      const access = [...kinds.flatMap((kind) => (kind === "array" ? ["read" as const] : [])), "write" as const];
      return this.make(kernel.name, wgsl, access, { workgroup, parameterBytes, kinds });
    });
  }

  ofInPlace(kernel: InPlaceKernel): Pipeline {
    return this.#cached(`${kernel.name} in place`, () => {
      const access = [...kernel.writes.map(() => "write" as const), ...kernel.reads.map(() => "read" as const)];
      const floats = kernel.floats;
      return this.make(`${kernel.name} in place`, inPlaceText(kernel), access, {
        workgroup: [FLAT_WORKGROUP, 1, 1],
        parameterBytes: 16 + 16 * Math.ceil(floats.length / 4),
        kinds: floats.map(() => "float" as const),
      });
    });
  }

  /** A pipeline from WGSL written by hand. */
  raw(
    name: string,
    wgsl: () => string,
    access: readonly Access[],
    about: Pick<Pipeline, "workgroup" | "parameterBytes" | "kinds">,
  ): Pipeline {
    return this.#cached(name, () => this.make(name, wgsl(), access, about));
  }

  #cached(key: string, make: () => Pipeline): Pipeline {
    const known = this.#known.get(key) ?? make();
    this.#known.set(key, known);
    return known;
  }

  make(
    name: string,
    code: string,
    access: readonly Access[],
    about: Pick<Pipeline, "workgroup" | "parameterBytes" | "kinds">,
  ): Pipeline {
    const layout = this.#device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: "uniform", hasDynamicOffset: true } },
        ...access.map((a, i) => ({
          binding: 1 + i,
          visibility: COMPUTE,
          buffer: { type: a === "read" ? ("read-only-storage" as const) : ("storage" as const) },
        })),
      ],
    });
    const pipeline = this.#device.createComputePipeline({
      label: name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: this.#device.createShaderModule({ label: name, code }), entryPoint: "main" },
    });
    return { id: this.#known.size + 1, name, pipeline, layout, ...about };
  }
}

/** Parameters: number of elements, two unused words, threads in a row of the dispatch; then the floats. */
function inPlaceText({ writes, reads, floats, wgsl }: InPlaceKernel): string {
  const members = ["count : u32", "unused0 : u32", "unused1 : u32", "width : u32", ...floats.map((f) => `${f} : f32`)];
  const arrays = [
    ...writes.map((name) => [name, "read_write"] as const),
    ...reads.map((name) => [name, "read"] as const),
  ];
  return `struct Params { ${members.join(", ")} }
@group(0) @binding(0) var<uniform> params : Params;
${arrays.map(([name, mode], i) => `@group(0) @binding(${1 + i}) var<storage, ${mode}> ${name} : array<f32>;`).join("\n")}
@compute @workgroup_size(${FLAT_WORKGROUP})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let i = id.x + id.y * params.width;
  if (i >= params.count) { return; }
  ${floats.map((f) => `let ${f} = params.${f};`).join("\n  ")}
  ${wgsl}
}`;
}
