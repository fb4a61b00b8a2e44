/**
 * Every op and update that has a WebAssembly kernel; the others fall back to the reference, and coverage() says so.
 */

import { batchNormKernels } from "./batch-norm/index.js";
import { biasReluGrad } from "./bias-relu-grad.js";
import { convolutionKernels } from "./convolution/index.js";
import { elementwise } from "./elementwise.js";
import { foldKernels } from "./fold/index.js";
import { momentKernels } from "./moments/index.js";
import { moveKernels } from "./move/index.js";
import type { WasmKernels, WasmUpdates } from "./plan.js";
import { poolKernels } from "./pool.js";
import { matmul } from "./products/matmul.js";
import { reduceKernels } from "./reduce/index.js";
import { updates } from "./updates.js";

export const wasmKernels: WasmKernels = {
  biasReluGrad,
  ...elementwise,
  matmul,
  ...convolutionKernels,
  ...batchNormKernels,
  ...reduceKernels,
  ...moveKernels,
  ...momentKernels,
  ...foldKernels,
  ...poolKernels,
};

export const wasmUpdates: WasmUpdates = {
  ...updates,
};
