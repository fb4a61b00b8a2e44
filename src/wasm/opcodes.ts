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

interface FloatOpcodes
  extends Readonly<
    Record<
      "load" | "store" | "const" | "eq" | "le" | "sqrt" | "add" | "sub" | "mul" | "div" | "min" | "max" | "convertI32S",
      number
    >
  > {}
/** By kind, so that one method writes either. */
export const floats: { readonly f32: FloatOpcodes; readonly f64: FloatOpcodes } = {
  f32: {
    load: 0x2a,
    store: 0x38,
    const: 0x43,
    eq: 0x5b,
    le: 0x5f,
    sqrt: 0x91,
    add: 0x92,
    sub: 0x93,
    mul: 0x94,
    div: 0x95,
    min: 0x96,
    max: 0x97,
    convertI32S: 0xb2,
  },
  f64: {
    load: 0x2b,
    store: 0x39,
    const: 0x44,
    eq: 0x61,
    le: 0x65,
    sqrt: 0x9f,
    add: 0xa0,
    sub: 0xa1,
    mul: 0xa2,
    div: 0xa3,
    min: 0xa4,
    max: 0xa5,
    convertI32S: 0xb7,
  },
};

/** Behind PREFIX_BULK. */
export const PREFIX_BULK = 0xfc;
export const MEMORY_COPY = 10;
export const MEMORY_FILL = 11;

/** Behind PREFIX_SIMD, as LEB128. */
export const PREFIX_SIMD = 0xfd;
