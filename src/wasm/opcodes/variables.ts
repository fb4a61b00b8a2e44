/** Opcodes of locals and globals. See ../opcodes.ts. */
export const localGet = 0x20;
export const localSet = 0x21;
export const globalGet = 0x23;
