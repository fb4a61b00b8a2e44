/**
 * What a kernel in WGSL by hand is: named arrays and numbers, from which its declarations are made, and a body that may use
 * workgroup memory. Workgroups count in one row, `group`, which a dispatch folds where it is longer than a side reaches.
 */
import { nativeHelpersIn } from "../helpers.js";
import type { Dims } from "../kernel.js";

/** How the elements of an array are read; binding sizes of vectors are multiples of 16 bytes. */
export type ElementType = "f32" | "vec4<f32>" | "u32";
export type NumberType = "u32" | "i32" | "f32";

export interface WgslArray {
  readonly access: "read" | "write";
  readonly type: ElementType;
}
export type WgslArrays = Readonly<Record<string, WgslArray>>;
export type WgslNumbers = Readonly<Record<string, NumberType>>;

export interface WgslKernel<A extends WgslArrays = WgslArrays, N extends WgslNumbers = WgslNumbers> {
  /** Its own, variants included. */
  readonly name: string;
  /** In the order of their bindings, from 1 on. */
  readonly arrays: A;
  /** In the order of the parameters. */
  readonly numbers: N;
  readonly workgroup: Dims;
  /** Values of `override` declarations: pipelines differ by them, modules do not. */
  readonly constants: Readonly<Record<string, number>>;
  readonly code: string;
}

/** What hand-written kernels want to know of a device. */
export interface DeviceTraits {
  readonly workgroupBytes: number;
  readonly workgroupThreads: number;
  readonly hasSubgroups: boolean;
}

export const reads = (type: ElementType = "f32"): WgslArray => ({ access: "read", type });
export const writes = (type: ElementType = "f32"): WgslArray => ({ access: "write", type });

export interface WgslText<A extends WgslArrays, N extends WgslNumbers> {
  readonly name: string;
  readonly arrays: A;
  readonly numbers: N;
  readonly workgroup: Dims;
  readonly constants?: Readonly<Record<string, number>>;
  /** Before the declarations: `enable` directives. */
  readonly enable?: string;
  /** Between the declarations and main: workgroup memory, overrides, functions. */
  readonly module?: string;
  /** More built-in parameters of main. */
  readonly builtins?: string;
  /** Sees params, the arrays, `group` and `thread`, its index in the workgroup. */
  readonly body: string;
}

/** The kernel of a text; `groups` is a number of every kernel. */
export function defineWgsl<const A extends WgslArrays, const N extends WgslNumbers>(
  text: WgslText<A, N>,
): WgslKernel<A, N> {
  const { name, arrays, numbers, workgroup, constants = {}, enable = "", module = "", builtins = "", body } = text;
  const fields = ["groups : u32", ...Object.entries(numbers).map(([field, type]) => `${field} : ${type}`)];
  const bindings = Object.entries(arrays).map(
    ([array, { access, type }], i) =>
      `@group(0) @binding(${i + 1}) var<storage, ${access === "read" ? "read" : "read_write"}> ${array} : array<${type}>;`,
  );
  const code = `${enable}struct Params { ${fields.join(", ")} }
@group(0) @binding(0) var<uniform> params : Params;
${bindings.join("\n")}
${nativeHelpersIn(`${module}${body}`)}${module}
@compute @workgroup_size(${workgroup.join(", ")})
fn main(@builtin(workgroup_id) id : vec3<u32>, @builtin(num_workgroups) grid : vec3<u32>,
        @builtin(local_invocation_index) thread : u32${builtins}) {
  let group = id.x + id.y * grid.x;
  if (group >= params.groups) { return; }
${body}
}`;
  return { name, arrays, numbers, workgroup, constants, code };
}

const WORD_BYTES = 4;
/** Sizes of uniform structures are multiples of this. */
const BLOCK_WORDS = 4;

export const parameterBytesOf = ({ numbers }: WgslKernel): number =>
  WORD_BYTES * BLOCK_WORDS * Math.ceil((1 + Object.keys(numbers).length) / BLOCK_WORDS);

/** The parameters of a run: workgroups, then the numbers. */
export function parametersOfRun(
  kernel: WgslKernel,
  numbers: Readonly<Record<string, number>>,
  groups: number,
): Uint32Array {
  const words = new Uint32Array(parameterBytesOf(kernel) / WORD_BYTES);
  const floats = new Float32Array(words.buffer);
  words[0] = groups;
  Object.entries(kernel.numbers).forEach(([name, type], i) => {
    if (type === "f32") floats[i + 1] = numbers[name]!;
    else words[i + 1] = numbers[name]!;
  });
  return words;
}
