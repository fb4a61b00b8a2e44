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
  /**
   * Bytes of an element of each input and output, where not all have 4. Bytes are masks to the formula: all bits of a lane set
   * or none. A span that reads masks and stores vectors takes one vector per step, which keeps it from being packed.
   */
  readonly widths?: { readonly inputs: readonly Width[]; readonly outputs: readonly Width[] };
}
export type Width = 1 | 4;

export const inputWidth = ({ widths }: Pick<Span, "widths">, i: number): Width => widths?.inputs[i] ?? 4;
export const outputWidth = ({ widths }: Pick<Span, "widths">, i: number): Width => widths?.outputs[i] ?? 4;

function emitLevel(module: WasmModule, span: Span, lanes: number): FunctionRef {
  const { inputs, outputs, floats, formula } = span;
  const parts = Math.max(1, lanes / 4);
  const params = new Array<"i32">(inputs.length + outputs + floats + 1).fill("i32");
  return module.function(`span${lanes}`, params, (f, bytes, ...rest) => {
    const from = rest.slice(0, inputs.length);
    const to = rest.slice(inputs.length, inputs.length + outputs);
    const scalars = rest.slice(inputs.length + outputs).map((bits) => f.vec(f.splat(bits.asFloat(), parts)));
    const isMask = (i: number): boolean => inputWidth(span, i) === 1;
    const repeated = (i: number): Vec => (isMask(i) ? f.broadcastMask : f.broadcast).call(f, from[i]!, 0, parts);
    const loaded = (i: number): Vec => (isMask(i) ? f.loadMask : f.loadPartial).call(f, from[i]!, 0, lanes, parts);
    const fixed = inputs.map((motion, i) => (motion === "same" ? f.vec(repeated(i)) : null));
    const end = f.int(to[0]!.add(bytes!));
    f.doWhile(
      () => {
        const values = fixed.map((value, i) => value ?? f.vec(loaded(i)));
        const results = formula(f, values, scalars).map((result) => f.vec(result));
        for (const [i, result] of results.entries())
          (outputWidth(span, i) === 1 ? f.storeMask : f.storePartial).call(f, to[i]!, 0, result, lanes);
        from.forEach((pointer, i) => {
          if (inputs[i] === "each") pointer.inc(inputWidth(span, i) * lanes);
        });
        to.forEach((pointer, i) => {
          pointer.inc(outputWidth(span, i) * lanes);
        });
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
        const inputs = from.map((pointer, i) =>
          span.inputs[i] === "each" ? pointer.add(done.mul(inputWidth(span, i))) : pointer,
        );
        const outputs = to.map((pointer, i) => pointer.add(done.mul(outputWidth(span, i))));
        f.call(ref, elements.mul(outputWidth(span, 0)), ...inputs, ...outputs, ...floats);
        if (lanes > 1) done.inc(elements);
      });
    }
  };
}
