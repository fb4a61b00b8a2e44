/** Opcodes of vectors of four 32-bit integers, behind PREFIX_SIMD. See ../opcodes.ts. */
export const splat = 0x11;
export const eq = 0x37;
export const ne = 0x38;
export const ltS = 0x39;
export const leS = 0x3d;
export const bitmask = 0xa4;
export const shl = 0xab;
export const shrS = 0xac;
export const shrU = 0xad;
export const add = 0xae;
export const sub = 0xb1;
export const mul = 0xb5;
export const extendLowI16x8U = 0xa9;
export const truncSatF32x4S = 0xf8;
