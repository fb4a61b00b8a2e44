/**
 * Small updates as late as they can be, level by level. A step moves hundreds of running statistics, each where its batch norm
 * runs, each a stage of one task that all threads wait for; side by side they are two stages (5.7 % of S0's step at 64 threads).
 */
import type { Instruction, ValueView } from "../ops/program.js";
import { sizeOf } from "../tensor/shape.js";
import { Touched } from "./touched.js";

/** Elements of an operand up to which it may live on to the end of the program. */
const SMALL = 4096;

const areSmall = (views: readonly ValueView[]): boolean => views.every(({ shape }) => sizeOf(shape) <= SMALL);

/** Each after those that it waits for, and otherwise as early as can be. */
function byLevel(instructions: readonly Instruction[]): Instruction[] {
  const readAt = new Map<number, number>();
  const writtenAt = new Map<number, number>();
  const levels = instructions.map(({ inputs, outputs }) => {
    const after = (levelOf: ReadonlyMap<number, number>, views: readonly ValueView[]): number =>
      views.reduce((most, { value }) => Math.max(most, (levelOf.get(value) ?? -1) + 1), 0);
    const level = Math.max(after(writtenAt, [...inputs, ...outputs]), after(readAt, outputs));
    for (const { value } of inputs) readAt.set(value, Math.max(level, readAt.get(value) ?? 0));
    for (const { value } of outputs) writtenAt.set(value, level);
    return level;
  });
  return instructions
    .map((_, i) => i)
    .sort((a, b) => levels[a]! - levels[b]! || a - b)
    .map((i) => instructions[i]!);
}

/** Of a run without checks. */
function postponeWithin(instructions: readonly Instruction[]): Instruction[] {
  const later: Instruction[] = [];
  const kept: Instruction[] = [];
  const [ofKept, ofLater] = [new Touched(), new Touched()];
  for (const instruction of instructions.toReversed()) {
    const { kind, inputs, outputs } = instruction;
    // an op only where what it makes is for those alone
    const isWanted = kind === "update" || !ofLater.isFree(instruction);
    const isLight = areSmall([...inputs, ...outputs]) || kept.length === 0;
    if (isWanted && isLight && ofKept.isFree(instruction)) {
      later.push(instruction);
      ofLater.add(instruction);
    } else {
      kept.push(instruction);
      ofKept.add(instruction);
    }
  }
  return [...kept.reverse(), ...byLevel(later.reverse())];
}

/**
 * The same instructions with small updates, and what is made for them alone, behind all others that they can be exchanged with,
 * up to the next check: a check that fails ends the run, what comes before it done and what comes after it not begun.
 */
export function postponeUpdates(instructions: readonly Instruction[]): Instruction[] {
  const ordered: Instruction[] = [];
  let from = 0;
  instructions.forEach((instruction, at) => {
    if (instruction.kind !== "check") return;
    ordered.push(...postponeWithin(instructions.slice(from, at)), instruction);
    from = at + 1;
  });
  return [...ordered, ...postponeWithin(instructions.slice(from))];
}
