/**
 * Fusion on a recorded program: chains of ops that would each pass over memory become one op. The fused op does the same
 * arithmetic in the same order, so results keep their bits; only intermediates with a single reader are left out.
 */
import type { Instruction, ValueView } from "../ops/program.js";
import { sizeOf } from "../tensor/shape.js";

type Op = Extract<Instruction, { kind: "op" }>;

/** Who makes and who reads each value. */
interface Uses {
  readonly makers: ReadonlyMap<number, number>;
  readonly readers: ReadonlyMap<number, readonly number[]>;
  /** Returned by the function. */
  readonly kept: ReadonlySet<number>;
}

function usesOf(instructions: readonly Instruction[], outputs: readonly ValueView[]): Uses {
  const makers = new Map<number, number>();
  const readers = new Map<number, number[]>();
  instructions.forEach((instruction, at) => {
    for (const { value } of instruction.inputs) readers.set(value, [...(readers.get(value) ?? []), at]);
    if (instruction.kind === "op") for (const { value } of instruction.outputs) makers.set(value, at);
  });
  return { makers, readers, kept: new Set(outputs.map(({ value }) => value)) };
}

/** Replaces a producer and its one consumer by one instruction, or null. `operand` is the consumer's input that is the producer's output. */
type Rule = (producer: Op, consumer: Op, operand: number) => Op | null;

const isConvolution = ({ op }: Op): boolean => op === "conv2d" || op === "conv2dBias";

const rules: readonly Rule[] = [
  // conv2d, then a vector over its channels
  (producer, consumer, operand) => {
    const [y] = producer.outputs;
    const bias = consumer.inputs[1 - operand];
    if (producer.op !== "conv2d" || consumer.op !== "add" || bias?.shape.length !== 1) return null;
    if (bias.shape[0] !== y!.shape.at(-1) || bias.value === y!.value) return null;
    const attrs = { ...producer.attrs, activation: "none" };
    return { kind: "op", op: "conv2dBias", inputs: [...producer.inputs, bias], attrs, outputs: consumer.outputs };
  },
  // … then a relu
  (producer, consumer) => {
    const { activation } = producer.attrs as { activation?: string };
    if (!isConvolution(producer) || activation !== "none" || consumer.op !== "relu") return null;
    return { ...producer, attrs: { ...producer.attrs, activation: "relu" }, outputs: consumer.outputs };
  },
];

/** Applies the rules until none fits. */
export function fuse(instructions: readonly Instruction[], outputs: readonly ValueView[]): Instruction[] {
  let current = [...instructions];
  for (;;) {
    const next = fuseOnce(current, usesOf(current, outputs));
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

/** True where an update changes an operand of the producer before the consumer runs: it cannot be moved past that. */
const isWrittenBetween = (instructions: readonly Instruction[], producer: Op, from: number, to: number): boolean =>
  instructions
    .slice(from + 1, to)
    .some(
      (other) =>
        other.kind === "update" &&
        other.outputs.some(({ value }) => producer.inputs.some((input) => input.value === value)),
    );
