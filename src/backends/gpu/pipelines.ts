/**
 * Kernels made into pipelines, when first used: gpu.js's translations, and WGSL that writes in place. All of them find
 * their parameters at binding 0 and their arrays at the bindings after it.
 */
import type { GpuJs, Translation } from "./gpujs.js";
import { nativeHelpersIn } from "./helpers.js";
import type { ArgumentKind, Dims, GpuKernel, InPlaceKernel } from "./kernel.js";
import { type DeviceTraits, parameterBytesOf, type WgslKernel } from "./wgsl/define.js";
import { withFlatThreads } from "./wgsl/flat-threads.js";
import { withHalves } from "./wgsl/halves.js";

export interface Pipeline {
  readonly id: number;
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly workgroup: Dims;
  readonly parameterBytes: number;
  readonly kinds: readonly ArgumentKind[];
  /** Of each array. */
  readonly access: readonly Access[];
  readonly code: string;
  /** Values of its overrides. */
  readonly constants: Readonly<Record<string, number>>;
}

const COMPUTE = 4;
/** Threads of a workgroup that runs over a flat index. */
export const FLAT_WORKGROUP = 64;

/** How an array is bound. */
export type Access = "read" | "write";

export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #gpujs: GpuJs;
  readonly #known = new Map<object | string, Pipeline>();
  /** Of kernels with three coordinates, for dispatches that would pass the limit of a side. */
  readonly #flat = new Map<GpuKernel, Pipeline>();
  /** By the number of members. */
  readonly #inPlace = new Map<InPlaceKernel, Pipeline[]>();
  #made = 0;
  readonly traits: DeviceTraits;

  constructor(device: GPUDevice, gpujs: GpuJs) {
    this.#device = device;
    this.#gpujs = gpujs;
    const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = device.limits;
    this.traits = {
      workgroupBytes: maxComputeWorkgroupStorageSize,
      workgroupThreads: maxComputeInvocationsPerWorkgroup,
      hasSubgroups: device.features.has("subgroups"),
    };
  }

  get size(): number {
    return this.#made;
  }

  of(kernel: GpuKernel): Pipeline {
    return this.#cached(kernel, () => this.#translated(kernel, kernel.name, this.#gpujs.translate(kernel)));
  }

  /** The same kernel with its threads counted in one row. */
  flat(kernel: GpuKernel): Pipeline {
    const known =
      this.#flat.get(kernel) ??
      this.#translated(
        kernel,
        `${kernel.name}, flat`,
        withFlatThreads(this.#gpujs.translate(kernel), kernel.name, FLAT_WORKGROUP),
      );
    this.#flat.set(kernel, known);
    return known;
  }

  #translated(kernel: GpuKernel, name: string, { wgsl, workgroup, parameterBytes }: Translation): Pipeline {
    const kinds = Object.values(kernel.args);
    const access = [...kinds.flatMap((kind) => (kind === "array" ? ["read" as const] : [])), "write" as const];
    return this.#make(name, wgsl, access, { workgroup, parameterBytes, kinds });
  }

  /** The pipeline that runs `members` updates of one kernel, each on operands of its own, in one dispatch. */
  ofInPlace(kernel: InPlaceKernel, members = 1): Pipeline {
    const known = this.#inPlace.get(kernel) ?? [];
    this.#inPlace.set(kernel, known);
    known[members] ??= this.#make(
      `${kernel.name} in place${members === 1 ? "" : ` × ${members}`}`,
      inPlaceText(kernel, members),
      Array.from({ length: members }, () => [
        ...kernel.writes.map(() => "write" as const),
        ...kernel.reads.map(() => "read" as const),
      ]).flat(),
      {
        workgroup: [FLAT_WORKGROUP, 1, 1],
        parameterBytes: members * memberBytes(kernel),
        kinds: kernel.floats.map(() => "float" as const),
      },
    );
    return known[members];
  }

  /** A pipeline from WGSL written by hand. */
  raw(
    name: string,
    wgsl: () => string,
    access: readonly Access[],
    about: Pick<Pipeline, "workgroup" | "parameterBytes" | "kinds">,
  ): Pipeline {
    return this.#cached(name, () => this.#make(name, wgsl(), access, about));
  }

  /** The same pipeline on arrays of which some hold float16. */
  halved(pipeline: Pipeline, halves: readonly boolean[]): Pipeline {
    const { id, name, code, access, constants, workgroup, parameterBytes, kinds } = pipeline;
    const which = halves.map(Number).join("");
    const about = { workgroup, parameterBytes, kinds };
    return this.#cached(`${id} ${which}`, () =>
      this.#make(`${name}, halves ${which}`, withHalves(code, halves), access, about, constants),
    );
  }

  /** The pipeline of a hand-written kernel. */
  wgsl(kernel: WgslKernel): Pipeline {
    return this.#cached(kernel.name, () =>
      this.#make(
        kernel.name,
        kernel.code,
        Object.values(kernel.arrays).map(({ access }) => access),
        { workgroup: kernel.workgroup, parameterBytes: parameterBytesOf(kernel), kinds: [] },
        kernel.constants,
      ),
    );
  }

  #cached(key: object | string, make: () => Pipeline): Pipeline {
    const known = this.#known.get(key);
    if (known) return known;
    const made = make();
    this.#known.set(key, made);
    return made;
  }

  #make(
    name: string,
    code: string,
    access: readonly Access[],
    about: Pick<Pipeline, "workgroup" | "parameterBytes" | "kinds">,
    constants: Readonly<Record<string, number>> = {},
  ): Pipeline {
    const layout = this.#device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: "uniform" } },
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
      compute: { module: this.#device.createShaderModule({ label: name, code }), entryPoint: "main", constants },
    });
    return { id: ++this.#made, name, pipeline, layout, access, code, constants, ...about };
  }
}

/** Bytes of the parameters of one update: its number of elements, three unused words, its floats. */
export const memberBytes = ({ floats }: InPlaceKernel): number => 16 + 16 * Math.ceil(floats.length / 4);

function inPlaceText({ writes, reads, floats, wgsl }: InPlaceKernel, members: number): string {
  const each = <T>(text: (member: number) => T): T[] => Array.from({ length: members }, (_, m) => text(m));
  const modes = [
    ...writes.map((name) => [name, "read_write"] as const),
    ...reads.map((name) => [name, "read"] as const),
  ];
  const arrays = each((m) =>
    modes.map(
      ([name, mode], i) =>
        `@group(0) @binding(${1 + m * modes.length + i}) var<storage, ${mode}> ${name}${m} : array<f32>;`,
    ),
  ).flat();
  const ofMember = (m: number): string =>
    modes.reduce((text, [name]) => text.replaceAll(new RegExp(`\\b${name}\\[`, "g"), `${name}${m}[`), wgsl);
  const words = ["count : u32", "unused0 : u32", "unused1 : u32", "unused2 : u32", ...floats.map((f) => `${f} : f32`)];
  return `struct Member { ${words.join(", ")} }
struct Params { ${each((m) => `@align(16) m${m} : Member`).join(", ")} }
@group(0) @binding(0) var<uniform> params : Params;
${arrays.join("\n")}
${nativeHelpersIn(wgsl)}@compute @workgroup_size(${FLAT_WORKGROUP})
fn main(@builtin(global_invocation_id) id : vec3<u32>, @builtin(num_workgroups) groups : vec3<u32>) {
  let i = id.x + id.y * groups.x * ${FLAT_WORKGROUP}u;
  ${each(
    (m) => `if (i < params.m${m}.count) {
    ${floats.map((f) => `let ${f} = params.m${m}.${f};`).join("\n    ")}
    ${ofMember(m)}
  }`,
  ).join("\n  ")}
}`;
}
