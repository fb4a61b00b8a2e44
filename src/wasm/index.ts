/** The assembler: kernels are written in it, as typed expressions and structured statements (see function.ts). */
export { loadBytes, storeBytes } from "./bytes.js";
export { FunctionBuilder, type FunctionRef } from "./function.js";
export { FloatVar, IntVar, type Target, VecVar } from "./locals.js";
export { MAX_PAGES, type ParamType, WasmModule } from "./module.js";
export { Float, type FloatKind, floatBits, Int, type IntLike } from "./scalars.js";
export { Vec, type VecLike } from "./vectors.js";
