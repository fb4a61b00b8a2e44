/** Opcodes of vectors of two 64-bit floats, behind PREFIX_SIMD. See ../opcodes.ts. */
export const splat = 0x14;
export const extractLane = 0x21;
export const replaceLane = 0x22;
export const promoteLowF32x4 = 0x5f;
export const sqrt = 0xef;
export const add = 0xf0;
export const sub = 0xf1;
export const mul = 0xf2;
export const div = 0xf3;
export const pmax = 0xf7;
export const relaxedMadd = 0x107;
