/**
 * The registry of backends, and the one in use. A backend is a Runner (ops/apply) plus a way to make and end it; it is
 * created when first asked for, so that importing the package starts nothing.
 */
import type { Runner } from "../ops/apply.js";
import { setDefaultStorage } from "../tensor/create.js";
import { BackendError } from "../util/errors.js";
import type { GpuMode } from "./gpu/gpu-backend.js";
import { referenceBackend } from "./reference/index.js";
import { createWasmBackend } from "./wasm/wasm-backend.js";

export interface BackendOptions {
  /** Threads of the wasm backend. Default: the cores of this machine. */
  readonly threads?: number;
  /** Paired vectors under V8's revectorizer (Node 24 and later, experimental). Default false. */
  readonly turbo?: boolean;
  /** Of the gpu backend: a device, or gpu.js on the processor. Default webgpu. */
  readonly mode?: GpuMode;
}

/** A backend in use. */
export interface Backend extends Runner {
  /** Ends workers and gives memory back; undefined where there is nothing to end. */
  readonly dispose?: () => Promise<void> | void;
}

const factories = {
  reference: async (_: BackendOptions): Promise<Backend> => referenceBackend,
  wasm: async (options: BackendOptions): Promise<Backend> => createWasmBackend(options),
  // loaded when asked for: its kernels are of no use to anybody else
  gpu: async (options: BackendOptions): Promise<Backend> =>
    (await import("./gpu/gpu-backend.js")).createGpuBackend(options),
} as const;

export type BackendName = keyof typeof factories;
export const backendNames = Object.keys(factories) as BackendName[];

let current: Backend | null = null;

function use(backend: Backend): Backend {
  current = backend;
  setDefaultStorage(() => backend);
  return backend;
}

/** The backend in use; the first call without setBackend starts wasm with one thread. */
export function getBackend(): Backend {
  return current ?? use(createWasmBackend({ threads: 1 }));
}

setDefaultStorage(() => getBackend());

/**
 * Chooses where new tensors live and run. Tensors of an earlier backend stay usable with each other.
 * Throws BackendError for an unknown name.
 */
export async function setBackend(name: BackendName, options: BackendOptions = {}): Promise<Backend> {
  const create = factories[name];
  if (!create)
    throw new BackendError(`setBackend: there is no backend "${name}"`, `known are ${backendNames.join(", ")}`);
  return use(await create(options));
}

/** Runs an async body with another backend in use and puts the one before back. */
export async function withBackend<T>(backend: Backend, body: () => T | Promise<T>): Promise<T> {
  const previous = current;
  use(backend);
  try {
    return await body();
  } finally {
    if (previous) use(previous);
  }
}
