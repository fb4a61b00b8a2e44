/** Opcodes of 32-bit floats. See ../opcodes.ts. */
export const load = 0x2a;
export const store = 0x38;
const constant = 0x43;
export const eq = 0x5b;
export const le = 0x5f;
export const sqrt = 0x91;
export const add = 0x92;
export const sub = 0x93;
export const mul = 0x94;
export const div = 0x95;
export const min = 0x96;
export const max = 0x97;
export const convertI32S = 0xb2;
export { constant as const };
