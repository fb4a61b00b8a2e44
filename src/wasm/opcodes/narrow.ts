/** Opcodes of vectors of bytes and of 16-bit integers, behind PREFIX_SIMD. See ../opcodes.ts. */
export const i8x16NarrowI16x8U = 0x66;
export const i16x8NarrowI32x4S = 0x86;
export const i16x8ExtendLowI8x16U = 0x89;
