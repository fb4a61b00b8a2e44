/** Opcodes of 64-bit floats. See ../opcodes.ts. */
export const load = 0x2b;
export const store = 0x39;
const constant = 0x44;
export const eq = 0x61;
export const le = 0x65;
export const sqrt = 0x9f;
export const add = 0xa0;
export const sub = 0xa1;
export const mul = 0xa2;
export const div = 0xa3;
export const min = 0xa4;
export const max = 0xa5;
export const convertI32S = 0xb7;
export { constant as const };
