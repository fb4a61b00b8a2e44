/** A pointwise convolution takes the statistics of its output along, whose rows are in the cache then. */
import type { Instruction, Value, ValueView } from "../ops/program.js";
import type { Attrs, EpsAttrs } from "../ops/spec/index.js";
import { isSame, type Op } from "./fusion-rules.js";
import { isPointwise, isWhole, usesOf, writesBetween } from "./uses.js";

/** The same program, statistics at the place of the convolution before them. */
export function fuseStatistics(
  instructions: readonly Instruction[],
  outputs: readonly ValueView[],
  values: readonly Value[],
): Instruction[] {
  const { makers } = usesOf(instructions, outputs);
  const gone = new Set<number>();
  const replaced = new Map<number, Op>();
  instructions.forEach((instruction, at) => {
    if (instruction.kind !== "op" || instruction.op !== "batchNormStatistics") return;
    const [z, gamma, beta] = instruction.inputs as [ValueView, ValueView, ValueView];
    const from = makers.get(z.value);
    const maker = from === undefined ? null : instructions[from]!;
    if (maker?.kind !== "op" || maker.op !== "conv2d" || replaced.has(from!)) return;
    const [x, w] = maker.inputs as [ValueView, ValueView];
    const isDirect = isPointwise(maker.attrs as Attrs<"conv2d">, w) && values[z.value]!.dtype === "float32";
    const isThere = [gamma, beta].every(({ value }) => (makers.get(value) ?? -1) < from!);
    const written = writesBetween(instructions, from!, at);
    const isKept = ![z, gamma, beta].some(({ value }) => written.includes(value));
    if (!isDirect || !isThere || !isKept || !isSame(maker.outputs[0]!, z) || !isWhole(z, values)) return;
    gone.add(at);
    replaced.set(from!, {
      kind: "op",
      op: "conv2dStatistics",
      inputs: [x, w, gamma, beta],
      attrs: instruction.attrs as EpsAttrs,
      outputs: [z, ...instruction.outputs],
    });
  });
  return instructions.flatMap((instruction, at) => (gone.has(at) ? [] : [replaced.get(at) ?? instruction]));
}
