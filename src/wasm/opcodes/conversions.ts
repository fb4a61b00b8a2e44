/** Opcodes between numbers of one kind and another. See ../opcodes.ts. */
export const f32DemoteF64 = 0xb6;
export const f64PromoteF32 = 0xbb;
export const f32ReinterpretI32 = 0xbe;
