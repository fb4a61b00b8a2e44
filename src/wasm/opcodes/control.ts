/** Opcodes of control flow. See ../opcodes.ts. */
export const block = 0x02;
export const loop = 0x03;
const branch = 0x04;
const otherwise = 0x05;
export const end = 0x0b;
export const brIf = 0x0d;
export const call = 0x10;
export const drop = 0x1a;
export const select = 0x1b;
export { branch as if, otherwise as else };
