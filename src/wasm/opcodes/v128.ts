/** Opcodes of vectors whatever their lanes, behind PREFIX_SIMD. See ../opcodes.ts. */
export const load = 0x00;
export const load32Splat = 0x09;
export const load64Splat = 0x0a;
export const store = 0x0b;
const constant = 0x0c;
export const not = 0x4d;
export const and = 0x4e;
export const andnot = 0x4f;
export const or = 0x50;
export const bitselect = 0x52;
export const load32Lane = 0x56;
export const store32Lane = 0x5a;
export const store64Lane = 0x5b;
export const load32Zero = 0x5c;
export const load64Zero = 0x5d;
export { constant as const };
