/** Pools that have kernels here. */
import type { WasmKernels } from "../plan.js";
import { avgPool2d, avgPool2dGrad } from "./average.js";
import { maxPool2d } from "./maximum.js";
import { maxPool2dGrad } from "./maximum-grad.js";

export const poolKernels: WasmKernels = { avgPool2d, avgPool2dGrad, maxPool2d, maxPool2dGrad };
