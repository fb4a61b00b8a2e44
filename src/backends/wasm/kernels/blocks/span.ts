/**
 * A formula on vectors applied along runs of memory: whole steps of several vectors, then single vectors, then single
 * lanes. Each of the three is a function of its own, since a partial vector keeps V8's revectorizer from packing the
 * function that it is in.
 */
import type { FunctionBuilder, FunctionRef, IntLike, IntVar, Vec, WasmModule } from "../../../../wasm/index.js";

/** How an input moves along a run: element by element, or one element for all of it. */
export type Motion = "each" | "same";

/** One result per output from one vector per input; every argument is a local, cheap to use twice. */
export type Formula = (f: FunctionBuilder, inputs: readonly Vec[], floats: readonly Vec[]) => readonly Vec[];

export interface Span {
  readonly formula: Formula;
  readonly inputs: readonly Motion[];
  readonly outputs: number;
  /** Float parameters of the formula, passed as bits. */
  readonly floats: number;
  /** Vectors per whole step: more hides latency, fewer suit formulas with many temporaries. */
  readonly vectors: number;
}

function emitLevel(module: WasmModule, span: Span, lanes: number): FunctionRef {
  const { inputs, outputs, floats, formula } = span;
  const parts = Math.max(1, lanes / 4);
  const params = new Array<"i32">(inputs.length + outputs + floats + 1).fill("i32");
  return module.function(`span${lanes}`, params, (f, bytes, ...rest) => {
    const from = rest.slice(0, inputs.length);
    const to = rest.slice(inputs.length, inputs.length + outputs);
    const scalars = rest.slice(inputs.length + outputs).map((bits) => f.vec(f.splat(bits.asFloat(), parts)));
    const fixed = inputs.map((motion, i) => (motion === "same" ? f.vec(f.broadcast(from[i]!, 0, parts)) : null));
    const end = f.int(to[0]!.add(bytes!));
    f.doWhile(
      () => {
        const values = fixed.map((value, i) => value ?? f.vec(f.loadPartial(from[i]!, 0, lanes, parts)));
        const results = formula(f, values, scalars).map((result) => f.vec(result));
        for (const [i, result] of results.entries()) f.storePartial(to[i]!, 0, result, lanes);
        for (const pointer of [...from.filter((_, i) => inputs[i] === "each"), ...to]) pointer.inc(4 * lanes);
      },
      () => to[0]!.below(end),
    );
  });
}

/**
 * Defines the functions of a span and returns what calls them: run(f, from, to, count, floats) applies the formula to
 * `count` elements. An output may be the same memory as an input of motion "each".
 */
export function emitSpan(
  module: WasmModule,
  span: Span,
): (
  f: FunctionBuilder,
  from: readonly IntVar[],
  to: readonly IntVar[],
  count: IntVar,
  floats: readonly IntLike[],
) => void {
  const levels = [...new Set([4 * span.vectors, 4, 1])].map((lanes) => ({
    lanes,
    ref: emitLevel(module, span, lanes),
  }));
  return (f, from, to, count, floats) => {
    const done = f.int(0);
    for (const { lanes, ref } of levels) {
      const left = count.sub(done);
      const elements = f.int(lanes === 1 ? left : left.and(-lanes));
      f.if(elements, () => {
        const offset = done.mul(4);
        const pointers = from.map((pointer, i) => (span.inputs[i] === "each" ? pointer.add(offset) : pointer));
        f.call(ref, elements.mul(4), ...pointers, ...to.map((pointer) => pointer.add(offset)), ...floats);
        if (lanes > 1) done.inc(elements);
      });
    }
  };
}
