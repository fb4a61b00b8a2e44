/**
 * The one file that touches gpu.js: loads it, compiles a kernel string for its cpu and webasm modes through the public API,
 * and translates one to WGSL. The translation calls methods that are not documented, so it insists on the version they
 * were read in.
 */
import { BackendError } from "../../util/errors.js";
import { GPUJS_VERSION, installLine } from "../../util/optional-packages.js";
import { withNativeHelpers } from "./helpers.js";
import type { Dims, GpuKernel } from "./kernel.js";

/** Runs a kernel at once: numbers for scalars, views for arrays; returns the output in row-major order. */
export type HostKernel = (
  dims: Dims,
  args: readonly (number | { readonly data: Float32Array; readonly dims: Dims })[],
) => Float32Array;

/** A kernel in WGSL: binding 0 the parameters, then one array per array argument, then the output. */
export interface Translation {
  readonly wgsl: string;
  readonly workgroup: Dims;
  /** Bytes of the parameters: x, y, z, width of a row of threads; then x, y, z, total of each array; then the scalars. */
  readonly parameterBytes: number;
}

export interface GpuJs {
  readonly version: string;
  /** Throws BackendError where a kernel ends in another mode than the one asked for. */
  compile(kernel: GpuKernel, mode: "cpu" | "webasm"): HostKernel;
  translate(kernel: GpuKernel): Translation;
  /** Ends what compile() has started. */
  dispose(): Promise<void>;
}

type Nested = Float32Array | readonly Nested[];

interface KernelShortcut {
  (...args: unknown[]): Nested;
  setOutput(dims: readonly number[]): void;
  readonly kernel: { readonly constructor: { readonly mode: string }; readonly fallbackReason: string | null };
}
interface Instance {
  createKernel(source: string, settings: object): KernelShortcut;
  destroy(): Promise<void> | void;
}
interface Translator {
  readonly workgroupSize: Dims;
  threadDim: readonly number[];
  paramsLayout: { readonly byteLength: number };
  setupConstants(): void;
  setupArguments(args: readonly unknown[]): void;
  validateSettings(args: readonly unknown[]): void;
  translateSource(): void;
  computeParamsLayout(): { readonly byteLength: number };
  assembleWGSL(): string;
}
type GpuClass = new (settings: { mode: string }) => Instance;
interface Module {
  readonly GPU: GpuClass;
  readonly input: (data: Float32Array, dims: readonly number[]) => unknown;
  readonly WebGPUKernel: new (source: string, settings: object) => Translator;
}

const gpujsTypes = { array: "Array", integer: "Integer", float: "Float" } as const;

/** Loops bounded by an argument end silently at 1000 otherwise. */
const NO_LOOP_LIMIT = 0x7fffffff;

const settingsOf = ({ rank, args }: GpuKernel, arrayType: "Array" | "Input") => ({
  output: [1, 1, 1].slice(0, rank),
  dynamicOutput: true,
  dynamicArguments: true,
  loopMaxIterations: NO_LOOP_LIMIT,
  argumentTypes: Object.values(args).map((kind) => (kind === "array" ? arrayType : gpujsTypes[kind])),
});

function flatten(result: Nested, length: number): Float32Array {
  if (result instanceof Float32Array && result.length === length) return result;
  const flat = new Float32Array(length);
  let at = 0;
  const visit = (part: Nested): void => {
    if (!(part instanceof Float32Array)) part.forEach(visit);
    else {
      flat.set(part, at);
      at += part.length;
    }
  };
  visit(result);
  return flat;
}

/** True where the kernel reads this array as [z][y][x], false where as [i]. */
function isRead3d(source: string, name: string): boolean {
  let at = source.search(new RegExp(`\\b${name}\\[`)) + name.length;
  for (let depth = 0; at < source.length; at++) {
    if (source[at] === "[") depth++;
    else if (source[at] === "]" && --depth === 0) break;
  }
  return source[at + 1] === "[";
}

/** Rows of rows, which is what mode cpu needs: its index into a flat array with sizes uses the output's sizes instead. */
const nested = (data: Float32Array, [x, y, z]: Dims): Nested =>
  Array.from({ length: z }, (_, k) =>
    Array.from({ length: y }, (__, j) => data.subarray((k * y + j) * x, (k * y + j + 1) * x)),
  );

/** What stands in for an array without elements, which webasm does not take; what a kernel reads there cannot reach its result. */
const nothing = { data: Float32Array.of(Number.NaN), dims: [1, 1, 1] } as const;

/**
 * gpu.js's package for Node is an object, its browser bundle the class GPU with the rest hanging on it; and where a tab
 * imports that bundle without a bundler, no export but the global name.
 */
function findModule(loaded: object): Module | null {
  const places = [loaded, (loaded as { default?: object }).default, (globalThis as { GPU?: object }).GPU];
  const found = places.find((place): place is object => place !== undefined && "WebGPUKernel" in place);
  if (found === undefined) return null;
  const { GPU = found as GpuClass, input, WebGPUKernel } = found as Omit<Module, "GPU"> & { readonly GPU?: GpuClass };
  return { GPU, input, WebGPUKernel };
}

/** Loads gpu.js. Throws BackendError with the line that installs it. */
export async function loadGpuJs(): Promise<GpuJs> {
  let loaded: object;
  try {
    loaded = await import("gpu.js");
  } catch (error) {
    throw new BackendError(
      `gpu: gpu.js cannot be loaded (${error instanceof Error ? error.message.split("\n")[0] : error})`,
      `${installLine("gpu.js", "webgpu")}; in a page without a bundler, a line for "gpu.js" in its import map`,
    );
  }
  const found = findModule(loaded);
  if (found === null)
    throw new BackendError(
      "gpu: what was loaded as gpu.js translates no kernels for WebGPU",
      installLine("gpu.js", "webgpu"),
    );
  const { GPU, input, WebGPUKernel } = found;
  const instances = new Map<string, Instance>();
  const instanceOf = (mode: string): Instance => {
    const known = instances.get(mode) ?? new GPU({ mode });
    instances.set(mode, known);
    return known;
  };
  return {
    version: GPUJS_VERSION,
    compile(kernel, mode) {
      const arrayType = mode === "cpu" ? "Array" : "Input";
      const shortcut = instanceOf(mode).createKernel(kernel.source, settingsOf(kernel, arrayType));
      const names = Object.keys(kernel.args);
      const shaped = names.map((name) => kernel.args[name] === "array" && isRead3d(kernel.source, name));
      const pass = (data: Float32Array, shape: Dims, i: number): unknown => {
        if (mode !== "cpu") return data.length > 0 ? input(data, shape) : input(nothing.data, nothing.dims);
        return shaped[i] ? nested(data, shape) : data;
      };
      return (dims, args) => {
        const length = dims[0] * dims[1] * dims[2];
        if (length === 0) return new Float32Array(0);
        shortcut.setOutput(dims.slice(0, kernel.rank));
        const result = shortcut(...args.map((arg, i) => (typeof arg === "number" ? arg : pass(arg.data, arg.dims, i))));
        const ran = shortcut.kernel.constructor.mode;
        if (ran !== mode)
          throw new BackendError(
            `gpu: kernel ${kernel.name} ran in gpu.js mode ${ran}, expected ${mode} (${shortcut.kernel.fallbackReason})`,
          );
        return flatten(result, length);
      };
    },
    translate(kernel) {
      const translator = new WebGPUKernel(kernel.source, settingsOf(kernel, "Array"));
      if (typeof translator.assembleWGSL !== "function" || typeof translator.computeParamsLayout !== "function")
        throw new BackendError(
          `gpu: this gpu.js does not translate kernels the way ${GPUJS_VERSION} does`,
          `${installLine("gpu.js", "webgpu")}, or the mode "webasm"`,
        );
      const samples = Object.values(kernel.args).map((kind) => (kind === "array" ? new Float32Array(1) : 1));
      translator.setupConstants();
      translator.setupArguments(samples);
      translator.validateSettings(samples);
      translator.threadDim = [1, 1, 1];
      translator.translateSource();
      translator.paramsLayout = translator.computeParamsLayout();
      const [x, y, z] = translator.workgroupSize ?? (kernel.rank === 1 ? [64, 1, 1] : [8, 8, 1]);
      return {
        wgsl: withNativeHelpers(translator.assembleWGSL()),
        workgroup: [x, y, z],
        parameterBytes: translator.paramsLayout.byteLength,
      };
    },
    async dispose() {
      for (const instance of instances.values()) await instance.destroy();
      instances.clear();
    },
  };
}
