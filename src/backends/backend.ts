/**
 * The registry of backends, and the one in use. A backend is a Runner (ops/apply) plus a way to make and end it; it is
 * created when first asked for, so that importing the package starts nothing.
 */
import { setDefaultStorage } from "../tensor/create.js";
import { BackendError } from "../util/errors.js";
import { environmentVariable, isNode } from "../util/platform.js";
import type { Backend, BackendName, BackendOptions, Backends, Coverage, Fallback } from "./contract.js";
import { referenceBackend, referenceKernels } from "./reference/index.js";
import { referenceUpdates } from "./reference/updates.js";
import { createWasmBackend, type Turbo } from "./wasm/wasm-backend.js";

export type { Backend, BackendName, BackendOptions } from "./contract.js";

/** What sets V8's flags, and in a browser what says that it cannot. */
const loadTurbo = async (): Promise<Turbo> =>
  (await (isNode ? import("#turbo" as string) : import("./wasm/no-turbo.js"))) as Turbo;

const isSoftwareAllowed = (): boolean => environmentVariable("TENSORONE_ALLOW_SOFTWARE") === "1";

const factories: { readonly [K in BackendName]: (options: BackendOptions) => Promise<Backends[K]> } = {
  reference: async () => referenceBackend,
  wasm: async ({ turbo, ...options }) =>
    createWasmBackend({
      ...options,
      turbo: turbo ? await loadTurbo() : undefined,
      quietTurbo: turbo === "auto",
    }).start(),
  // loaded when asked for: its kernels are of no use to anybody else
  gpu: async ({ allowSoftware = isSoftwareAllowed(), float64 = "refuse", ...options }) =>
    (await import("./gpu/gpu-backend.js")).createGpuBackend({ ...options, allowSoftware, float64 }),
};

export const backendNames = Object.keys(factories) as BackendName[];

let current: Backend | null = null;

function use<B extends Backend>(backend: B): B {
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
 * Chooses where new tensors live and run, and waits for the threads to start, 10 s at most: where some do not, it warns and goes on
 * with one. Tensors of an earlier backend stay usable with each other.
 * Throws BackendError for an unknown name.
 *
 * @example
 * ```ts
 * await setBackend("wasm", { threads: 2 });
 * console.log(ones([2]).add(1).toArray()); // [2, 2]
 * ```
 */
export async function setBackend<K extends BackendName>(name: K, options: BackendOptions = {}): Promise<Backends[K]> {
  const create = factories[name];
  if (!create)
    throw new BackendError(`setBackend: there is no backend "${name}"`, `known are ${backendNames.join(", ")}`);
  return use(await create(options));
}

/**
 * Where each op that the program holds runs on the backend in use: "reference" are those without a kernel. Of others single cases may
 * still fall back (dtypes, layouts): fallbacks() has those that did.
 *
 * @example
 * ```ts
 * console.log(coverage().matmul, coverage().atan2); // wasm reference
 * ```
 */
export function coverage(): Coverage {
  const backend = getBackend();
  if (backend.coverage) return backend.coverage();
  const names = [...Object.keys(referenceKernels), ...Object.keys(referenceUpdates)];
  return Object.fromEntries(names.map((name) => [name, backend.name as BackendName]));
}

/**
 * What the backend in use has run in the reference's plain loops so far, by op and dtype, most elements first. On wasm the first
 * large run of each is also told by console.warn: see setFallbackWarnings().
 *
 * @example
 * ```ts
 * ones([1000]).atan2(1);
 * console.log(fallbacks()); // [{ op: "atan2", dtype: "float32", runs: 1, elements: 1000 }]
 * ```
 */
export const fallbacks = (): readonly Fallback[] => getBackend().fallbacks?.() ?? [];

/**
 * Runs an async body with another backend in use and puts the one before back.
 *
 * @example
 * ```ts
 * const before = getBackend();
 * const other = await setBackend("wasm", { threads: 2 });
 * const sum = await withBackend(before, () => arange(4).sum().item());
 * console.log(sum, getBackend() === other); // 6 true
 * ```
 */
export async function withBackend<T>(backend: Backend, body: () => T | Promise<T>): Promise<T> {
  const previous = current;
  use(backend);
  try {
    return await body();
  } finally {
    if (previous) use(previous);
  }
}
