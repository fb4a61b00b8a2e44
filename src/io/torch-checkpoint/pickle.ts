/** Python's pickles as values: the loop of the machine. */
import { Budget } from "../../util/budget.js";
import { CheckpointError } from "../../util/errors.js";
import { Machine, type PickleHost } from "./pickle-machine.js";
import { opcodes, STOP } from "./pickle-opcodes.js";

const STEPS_AT_ONCE = 1024;

/**
 * Runs the pickle that starts at byte `at`; returns its value and where it ended. Throws CheckpointError naming `where`, also for more
 * objects or steps than `budget` has left.
 */
export function unpickle(
  bytes: Uint8Array,
  host: PickleHost,
  where: string,
  { at = 0, budget = new Budget(where, CheckpointError) }: { readonly at?: number; readonly budget?: Budget } = {},
): { value: unknown; end: number } {
  const machine = new Machine(bytes, host, where, at, budget);
  // spending is dear beside an opcode: in rows
  for (let steps = 1; ; steps++) {
    if (steps % STEPS_AT_ONCE === 0) budget.spend("steps", STEPS_AT_ONCE);
    const opcode = machine.uint(1);
    if (opcode === STOP) return { value: machine.pop(), end: machine.at };
    const handler = opcodes.get(opcode);
    if (!handler) throw machine.damaged(`opcode 0x${opcode.toString(16)} is not known`);
    handler(machine);
  }
}
