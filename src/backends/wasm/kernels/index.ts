/**
 * Every op and update that has a WebAssembly kernel; the others fall back to the reference, and coverage() says so. Kernels
 * of ops that only some programs need are installed with these ops (src/chapters).
 */

import { convolutionKernels } from "./convolution/index.js";
import { elementwise } from "./elementwise.js";
import { moveKernels } from "./move/index.js";
import type { WasmKernels, WasmUpdates } from "./plan.js";
import { matmul } from "./products/matmul.js";
import { reduceKernels } from "./reduce/index.js";
import { updates } from "./updates.js";

export const wasmKernels: WasmKernels = {
  ...elementwise,
  matmul,
  ...convolutionKernels,
  ...reduceKernels,
  ...moveKernels,
};

export const wasmUpdates: WasmUpdates = {
  ...updates,
};

/** Gives ops a kernel from here on, for all backends. */
export function installKernels(kernels: WasmKernels): void {
  Object.assign(wasmKernels, kernels);
}

/** Gives updates a kernel from here on, for all backends. */
export function installUpdateKernels(kernels: WasmUpdates): void {
  Object.assign(wasmUpdates, kernels);
}
