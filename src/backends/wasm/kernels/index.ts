/**
 * Every op and update that has a WebAssembly kernel; the others fall back to the reference, and coverage() says so. Kernels
 * that only some programs need are installed by what needs them, so that a bundle of the others goes without.
 */

import { batchNormKernels } from "./batch-norm/index.js";
import { biasReluGrad } from "./bias-relu-grad.js";
import { convolutionKernels } from "./convolution/index.js";
import { elementwise } from "./elementwise.js";
import { layerNormKernels } from "./layer-norm.js";
import { moveKernels } from "./move/index.js";
import type { WasmKernels, WasmUpdates } from "./plan.js";
import { poolKernels } from "./pooling/index.js";
import { matmul } from "./products/matmul.js";
import { reduceKernels } from "./reduce/index.js";
import { resizeKernels } from "./resample.js";
import { updates } from "./updates.js";

export const wasmKernels: WasmKernels = {
  biasReluGrad,
  ...elementwise,
  matmul,
  ...convolutionKernels,
  ...batchNormKernels,
  ...layerNormKernels,
  ...reduceKernels,
  ...moveKernels,
  ...poolKernels,
  ...resizeKernels,
};

export const wasmUpdates: WasmUpdates = {
  ...updates,
};

/** Gives ops a kernel from here on, for all backends. */
export function installKernels(kernels: WasmKernels): void {
  Object.assign(wasmKernels, kernels);
}
