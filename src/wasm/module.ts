/**
 * A WebAssembly module of one kernel: its functions and the sections around them. The module imports the engine's memory
 * ("e" "m") and the index of the thread it is instantiated for ("e" "w"), and exports its entry function "run".
 */
import { FunctionBuilder, type FunctionRef } from "./function.js";
import { FloatVar, IntVar, type Target, VecVar } from "./locals.js";
import * as sections from "./opcodes/sections.js";
import { FUNCTION_TYPE, type ValueType, valueTypes } from "./opcodes.js";
import { Writer } from "./writer.js";

/** A parameter of a function inside a module; "vec" takes as many v128 as the target's Vec has parts. */
export type ParamType = "i32" | "f32" | "f64" | "vec";
interface ParamValues {
  i32: IntVar;
  f32: FloatVar<"f32">;
  f64: FloatVar<"f64">;
  vec: VecVar;
}
type ParamsOf<P extends readonly ParamType[]> = { [I in keyof P]: ParamValues[P[I]] };
type IntsOf<Names extends readonly string[]> = { [I in keyof Names]: IntVar };

/** Pages of 64 KiB in the 4 GiB that a 32-bit memory can have; the limit that shared memories must agree on. */
export const MAX_PAGES = 65536;

/** "\0asm", version 1. */
const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

interface WrittenFunction {
  readonly ref: FunctionRef;
  readonly params: readonly ValueType[];
  readonly body: Writer;
}

export class WasmModule {
  readonly target: Target;
  /** f32 lanes of a full Vec. */
  readonly lanes: number;
  readonly #functions: WrittenFunction[] = [];
  readonly #byName = new Map<string, FunctionRef>();

  constructor(target: Target) {
    this.target = target;
    this.lanes = target.lanes;
  }

  /**
   * Defines a function, or returns the one of that name: the name must say everything that shapes the code. `build` may
   * define other functions on the way.
   */
  function<const P extends readonly ParamType[]>(
    name: string,
    params: P,
    build: (f: FunctionBuilder, ...args: ParamsOf<P>) => void,
  ): FunctionRef {
    const known = this.#byName.get(name);
    if (known) return known;
    const types: ValueType[] = params.flatMap((type): ValueType[] =>
      type === "vec" ? new Array<ValueType>(this.lanes / 4).fill("v128") : [type],
    );
    if (this.target.fences) types.push("i32");
    const f = new FunctionBuilder(this.target, types.length);
    let index = 0;
    const args = params.map((type) => {
      const at = index;
      index += type === "vec" ? f.width : 1;
      if (type === "i32") return new IntVar(f.code, at);
      if (type === "vec")
        return new VecVar(
          f.code,
          Array.from({ length: f.width }, (_, i) => at + i),
        );
      return new FloatVar(f.code, at, type);
    });
    build(f, ...(args as unknown as ParamsOf<P>));
    const ref: FunctionRef = { index: this.#functions.length, name };
    this.#functions.push({ ref, params: types, body: f.finish() });
    this.#byName.set(name, ref);
    return ref;
  }

  /**
   * Defines the entry: does tasks [begin, end) of a call. `names` are the call's i32 arguments, in order: pointers, counts,
   * or floats as bits (floatBits). A task must write memory that no other task of the call reads or writes.
   */
  run<const Names extends readonly string[]>(
    names: Names,
    build: (f: FunctionBuilder, begin: IntVar, end: IntVar, ...args: IntsOf<Names>) => void,
  ): void {
    const params = new Array<"i32">(names.length + 2).fill("i32");
    this.function("run", params, (f, begin, end, ...args) =>
      build(f, begin!, end!, ...(args as unknown as IntsOf<Names>)),
    );
  }

  /** The finished binary. */
  bytes(): Uint8Array {
    const out = new Writer(4096).raw(PREAMBLE);
    const section = (id: number, write: (w: Writer) => void) => {
      const content = new Writer();
      write(content);
      out.byte(id).block(content);
    };
    section(sections.TYPE, (w) => {
      w.unsigned(this.#functions.length);
      for (const { params } of this.#functions) {
        w.byte(FUNCTION_TYPE).unsigned(params.length);
        for (const type of params) w.byte(valueTypes[type]);
        w.unsigned(0);
      }
    });
    section(sections.IMPORT, (w) => {
      w.unsigned(2);
      w.name("e").name("m").byte(sections.EXTERNAL_MEMORY);
      w.byte(this.target.shared ? sections.SHARED_WITH_MAXIMUM : sections.WITH_MAXIMUM)
        .unsigned(1)
        .unsigned(MAX_PAGES);
      w.name("e").name("w").byte(sections.EXTERNAL_GLOBAL).byte(valueTypes.i32).byte(0);
    });
    section(sections.FUNCTION, (w) => {
      w.unsigned(this.#functions.length);
      for (const { ref } of this.#functions) w.unsigned(ref.index);
    });
    section(sections.EXPORT, (w) =>
      w.unsigned(1).name("run").byte(sections.EXTERNAL_FUNCTION).unsigned(this.#byName.get("run")!.index),
    );
    section(sections.CODE, (w) => {
      w.unsigned(this.#functions.length);
      for (const { body } of this.#functions) w.block(body);
    });
    // V8 caches machine code by bytes: code compiled under the revectorizer must not be found by the same bytes without it
    section(sections.CUSTOM, (w) => w.name("lanes").byte(this.lanes));
    return out.bytes.slice();
  }
}
