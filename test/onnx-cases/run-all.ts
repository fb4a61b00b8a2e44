/**
 * All cases on one backend.
 */
import { type BackendName, setBackend } from "../../src/index.js";
import { caseFolders, readCase } from "./cases.js";
import { judge, type Outcome } from "./outcome.js";

/** As the page calls them. */
export const backendsOfCases = ["reference", "wasm", "gpu"] as const satisfies readonly BackendName[];

/** Sets the backend: one thread, and the gpu backend's kernels on the processor, where they are exact. */
export async function runAll(backend: (typeof backendsOfCases)[number]): Promise<Outcome[]> {
  if (backend === "gpu") await setBackend(backend, { mode: "cpu", float64: "as-float32" });
  else await setBackend(backend, { threads: 1 });
  return caseFolders().map((folder) => judge(readCase(folder)));
}
