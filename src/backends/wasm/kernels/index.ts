/**
 * Every op and update that has a WebAssembly kernel; the others fall back to the reference, and coverage() says so.
 */
import type { WasmKernels, WasmUpdates } from "../plan.js";

export const wasmKernels: WasmKernels = {};

export const wasmUpdates: WasmUpdates = {};
