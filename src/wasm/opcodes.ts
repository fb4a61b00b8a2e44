/**
 * Numbers of the binary format under the names of the text format, in camelCase (WebAssembly core specification 5.4, and the
 * relaxed-simd proposal): those that the assembler writes.
 */

/** Codes of the value types. */
export const valueTypes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof valueTypes;
export const FUNCTION_TYPE = 0x60;
/** The type of a block without results. */
export const NO_RESULT = 0x40;

export const sections = { custom: 0, type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
export const externals = { function: 0, memory: 2, global: 3 } as const;
/** Flags before the limits of a memory. */
export const limits = { withMaximum: 1, sharedWithMaximum: 3 } as const;

export const control = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  brIf: 0x0d,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
} as const;
export const local = { get: 0x20, set: 0x21 } as const;
export const global = { get: 0x23 } as const;

export const i32 = {
  load: 0x28,
  load8U: 0x2d,
  store: 0x36,
  store8: 0x3a,
  const: 0x41,
  eqz: 0x45,
  eq: 0x46,
  ne: 0x47,
  ltS: 0x48,
  ltU: 0x49,
  geS: 0x4e,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  divU: 0x6e,
  remU: 0x70,
  and: 0x71,
  shl: 0x74,
  shrU: 0x76,
} as const;

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
export const conversions = { f32DemoteF64: 0xb6, f64PromoteF32: 0xbb, f32ReinterpretI32: 0xbe } as const;

/** Behind PREFIX_BULK. */
export const PREFIX_BULK = 0xfc;
export const bulk = { memoryCopy: 10, memoryFill: 11 } as const;

/** Behind PREFIX_SIMD, as LEB128. */
export const PREFIX_SIMD = 0xfd;
export const v128 = {
  load: 0x00,
  load32Splat: 0x09,
  load64Splat: 0x0a,
  store: 0x0b,
  const: 0x0c,
  not: 0x4d,
  and: 0x4e,
  andnot: 0x4f,
  or: 0x50,
  bitselect: 0x52,
  load32Lane: 0x56,
  store32Lane: 0x5a,
  store64Lane: 0x5b,
  load32Zero: 0x5c,
  load64Zero: 0x5d,
} as const;
export const i32x4 = {
  splat: 0x11,
  eq: 0x37,
  ne: 0x38,
  ltS: 0x39,
  leS: 0x3d,
  bitmask: 0xa4,
  shl: 0xab,
  shrS: 0xac,
  shrU: 0xad,
  add: 0xae,
  sub: 0xb1,
  mul: 0xb5,
  extendLowI16x8U: 0xa9,
  truncSatF32x4S: 0xf8,
} as const;
export const i16x8 = { narrowI32x4S: 0x86, extendLowI8x16U: 0x89 } as const;
export const i8x16 = { narrowI16x8U: 0x66 } as const;
export const f32x4 = {
  splat: 0x13,
  extractLane: 0x1f,
  eq: 0x41,
  ne: 0x42,
  lt: 0x43,
  gt: 0x44,
  le: 0x45,
  ge: 0x46,
  demoteF64x2Zero: 0x5e,
  ceil: 0x67,
  floor: 0x68,
  nearest: 0x6a,
  abs: 0xe0,
  neg: 0xe1,
  sqrt: 0xe3,
  add: 0xe4,
  sub: 0xe5,
  mul: 0xe6,
  div: 0xe7,
  min: 0xe8,
  max: 0xe9,
  pmin: 0xea,
  pmax: 0xeb,
  convertI32x4S: 0xfa,
  relaxedMadd: 0x105,
  relaxedNmadd: 0x106,
} as const;
export const f64x2 = {
  splat: 0x14,
  extractLane: 0x21,
  replaceLane: 0x22,
  promoteLowF32x4: 0x5f,
  sqrt: 0xef,
  add: 0xf0,
  sub: 0xf1,
  mul: 0xf2,
  div: 0xf3,
  pmax: 0xf7,
  relaxedMadd: 0x107,
} as const;
