/**
 * Numbers of the binary format under the names of the text format, in camelCase (WebAssembly core specification 5.4, and the
 * relaxed-simd proposal): those that the assembler writes. Larger groups are modules of constants (opcodes/), so that a bundle holds the numbers
 * where they are used, and no names.
 */

/** Codes of the value types. */
export const valueTypes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof valueTypes;
export const FUNCTION_TYPE = 0x60;
/** The type of a block without results. */
export const NO_RESULT = 0x40;

/** Behind PREFIX_BULK. */
export const PREFIX_BULK = 0xfc;
export const MEMORY_COPY = 10;
export const MEMORY_FILL = 11;

/** Behind PREFIX_SIMD, as LEB128. */
export const PREFIX_SIMD = 0xfd;
