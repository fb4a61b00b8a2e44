/**
 * Fusion on a recorded program: chains of ops that would each pass over memory become one op (fusion-rules.ts). Only
 * intermediates with a single reader are left out.
 */
import type { Instruction, ValueView } from "../ops/program.js";
import { sizeOf } from "../tensor/shape.js";
import { type Op, rules, sumRules } from "./fusion-rules.js";
import { type Uses, usesOf } from "./uses.js";

/** Applies the rules until none fits. */
export function fuse(instructions: readonly Instruction[], outputs: readonly ValueView[]): Instruction[] {
  let current = [...instructions];
  for (;;) {
    const summed = fuseSums(current, usesOf(current, outputs));
    const next = fuseOnce(summed, usesOf(summed, outputs));
    if (next.length === current.length) return current;
    current = next;
  }
}

function fuseOnce(instructions: readonly Instruction[], { makers, readers, kept }: Uses): Instruction[] {
  const replaced = new Map<number, Instruction>();
  const gone = new Set<number>();
  instructions.forEach((consumer, at) => {
    if (consumer.kind !== "op") return;
    consumer.inputs.some((input, operand) => {
      const maker = makers.get(input.value);
      if (maker === undefined || gone.has(maker) || replaced.has(maker)) return false;
      const producer = instructions[maker]!;
      // the intermediate is read here alone, and as a whole
      const isPrivate = readers.get(input.value)!.length === 1 && !kept.has(input.value);
      if (producer.kind !== "op" || !isPrivate || sizeOf(input.shape) !== sizeOf(producer.outputs[0]!.shape))
        return false;
      if (isWrittenBetween(instructions, producer, maker, at)) return false;
      const rule = rules.map((fits) => fits(producer, consumer, operand)).find((made) => made !== null);
      if (!rule) return false;
      replaced.set(at, rule);
      gone.add(maker);
      return true;
    });
  });
  return instructions.flatMap((instruction, at) => (gone.has(at) ? [] : [replaced.get(at) ?? instruction]));
}

/** Applies the rules for sums: an accumulate of what two ops made, neither of which anybody saw before. */
function fuseSums(instructions: readonly Instruction[], { makers, readers, kept }: Uses): Instruction[] {
  const replaced = new Map<number, Instruction>();
  const gone = new Set<number>();
  instructions.forEach((sum, at) => {
    if (sum.kind !== "update" || sum.op !== "accumulate") return;
    const [to, from] = sum.inputs as [ValueView, ValueView];
    const [first, second] = [makers.get(to.value), makers.get(from.value)];
    if (first === undefined || second === undefined || first === second) return;
    const [a, b] = [instructions[first], instructions[second]] as [Op, Op];
    const isWhole = [a, b].every(({ outputs: [y] }) => sizeOf(y!.shape) === sizeOf(to.shape));
    const isPrivate = readers.get(from.value)!.length === 1 && !kept.has(from.value);
    const isUnseen = !readers.get(to.value)!.some((reader) => reader < at);
    if (!isWhole || !isPrivate || !isUnseen) return;
    if (isWrittenBetween(instructions, a, first, at) || isWrittenBetween(instructions, b, second, at)) return;
    const rule = sumRules.map((fits) => fits(a, b)).find((made) => made !== null);
    if (!rule) return;
    replaced.set(at, rule);
    gone.add(first).add(second);
  });
  return instructions.flatMap((instruction, at) => (gone.has(at) ? [] : [replaced.get(at) ?? instruction]));
}

/** True where an update changes an operand of the producer before the consumer runs: it cannot be moved past that. */
const isWrittenBetween = (instructions: readonly Instruction[], producer: Op, from: number, to: number): boolean =>
  instructions
    .slice(from + 1, to)
    .some(
      (other) =>
        other.kind === "update" &&
        other.outputs.some(({ value }) => producer.inputs.some((input) => input.value === value)),
    );
