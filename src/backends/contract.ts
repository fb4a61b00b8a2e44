/**
 * What a caller of setBackend sees: options, and of each backend the part that is read from outside. Types alone, complete
 * without the globals of WebGPU, WebAssembly or Node, so that they compile in any project; how a backend works is its own.
 */
import type { Runner } from "../ops/apply.js";
import type { DType } from "../tensor/dtype.js";

/** webgpu: a device. webasm and cpu: gpu.js on the processor, slow, for correctness anywhere. */
export type GpuMode = "webgpu" | "webasm" | "cpu";

/** What a backend is started with; each reads those that concern it. */
export interface BackendOptions {
  /** Threads of the wasm backend. Default: the cores of this machine. */
  readonly threads?: number;
  /**
   * Paired vectors under V8's revectorizer (Node 24 and later on x86-64 with AVX2). true warns where that does not work, "auto" goes on
   * without a word, and without turbo from V8 14 on. Default false.
   */
  readonly turbo?: boolean | "auto";
  /** Of the gpu backend: a device, or gpu.js on the processor. Default webgpu. */
  readonly mode?: GpuMode;
  /**
   * Whether the gpu backend takes a device that is the processor's (lavapipe, SwiftShader), slower than wasm. Default: what the
   * environment's TENSORONE_ALLOW_SOFTWARE=1 says, else false.
   */
  readonly allowSoftware?: boolean;
  /**
   * Of the gpu backend, whose numbers are float32: "refuse" makes a float64 tensor a DTypeError, "as-float32" gives it float32's digits
   * and range. Default "refuse".
   */
  readonly float64?: Float64Choice;
}

/** What the gpu backend makes of float64. */
export type Float64Choice = "refuse" | "as-float32";

/** By op and update: the backend whose kernels run it. */
export type Coverage = Readonly<Record<string, BackendName>>;

/** Work of a backend that ran on the reference's kernels. */
export interface Fallback {
  readonly op: string;
  readonly dtype: DType;
  readonly runs: number;
  /** Of the largest operand, summed over the runs. */
  readonly elements: number;
}

/** A backend in use. */
export interface Backend extends Runner {
  /** Ends workers and gives memory back; undefined where there is nothing to end. */
  readonly dispose?: () => Promise<void> | void;
  /** Undefined where every op runs on kernels of its own. */
  readonly coverage?: () => Coverage;
  readonly fallbacks?: () => readonly Fallback[];
}

/** Of the wasm backend's memory. */
export interface ArenaStats {
  readonly liveBytes: number;
  readonly liveBlocks: number;
  readonly peakBytes: number;
  /** Size of the memory so far. */
  readonly committedBytes: number;
}

export interface WasmStats extends ArenaStats {
  readonly threads: number;
  /** Whether kernels really run as paired vectors. */
  readonly turbo: boolean;
  readonly kernels: number;
  /** Runs that went to the reference backend, by op. */
  readonly fallbacks: Readonly<Record<string, number>>;
}

export interface WasmFigures {
  readonly threads: number;
  /** Asked for, and working here. */
  readonly turbo: boolean;
  readonly stats: WasmStats;
}

/** What runs the kernels of the gpu backend. */
export interface DeviceInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A driver that computes on the processor. */
  readonly isSoftware: boolean;
}

export interface GpuFigures {
  /** What really runs. */
  readonly mode: GpuMode;
  /** null where there is no device. */
  readonly device: DeviceInfo | null;
  /** One line of text: mode, device, software or hardware. */
  readonly label: string;
  readonly stats: Readonly<Record<string, number>>;
}

/** What setBackend gives for each name. */
export interface Backends {
  /** Plain loops in float64: the definition of every op. */
  readonly reference: Backend;
  readonly wasm: Backend & WasmFigures;
  readonly gpu: Backend & GpuFigures;
}

/** The names that setBackend() takes. */
export type BackendName = keyof Backends;
