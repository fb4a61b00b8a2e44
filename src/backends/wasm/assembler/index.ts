/** The assembler: kernels are written in it, as typed expressions and structured statements (see function.ts). */
export { FloatVar, FunctionBuilder, type FunctionRef, IntVar, type Target, VecVar } from "./function.js";
export { MAX_PAGES, type ParamType, WasmModule } from "./module.js";
export { Float, type FloatKind, floatBits, Int, type IntLike } from "./scalars.js";
export { Vec, type VecLike } from "./vectors.js";
