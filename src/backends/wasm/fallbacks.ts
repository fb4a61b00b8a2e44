/**
 * Work of the wasm backend that went to the reference's plain loops: counted, and told once where it is large.
 */
import { isRandom } from "../../ops/random.js";
import type { OpName, UpdateName } from "../../ops/spec/index.js";
import type { DType } from "../../tensor/dtype.js";
import { type Shape, showShape } from "../../tensor/shape.js";
import { environmentVariable } from "../../util/platform.js";
import type { Fallback } from "../contract.js";

/** Elements from which a fallback is told: plain loops then take milliseconds, which a kernel does in a fraction of one. */
const MANY_ELEMENTS = 100_000;
/** Set to "off" it has the effect of setFallbackWarnings(false). */
const VARIABLE = "TENSORONE_FALLBACK_WARNINGS";

let isWarning: boolean | undefined;

/** Whether a fallback on many elements is told from here on, once for each op and dtype. */
export function setFallbackWarnings(isOn: boolean): void {
  isWarning = isOn;
}

interface Operand {
  readonly shape: Shape;
  readonly size: number;
  readonly dtype: DType;
}

/** The fallbacks of one backend. */
export class Fallbacks {
  readonly #rows = new Map<string, { op: OpName | UpdateName; dtype: DType; runs: number; elements: number }>();
  readonly #told = new Set<string>();

  /** Counts one run. */
  note(op: OpName | UpdateName, inputs: readonly Operand[], outputs: readonly Operand[]): void {
    const operands = [...inputs, ...outputs];
    // a mask says nothing about what is computed
    const { dtype } = operands.find((x) => x.dtype !== "bool") ?? operands[0]!;
    const largest = operands.reduce((a, b) => (b.size > a.size ? b : a));
    const key = `${op} ${dtype}`;
    const row = this.#rows.get(key) ?? { op, dtype, runs: 0, elements: 0 };
    row.runs++;
    row.elements += largest.size;
    this.#rows.set(key, row);
    // random numbers come from the generator on every backend
    if (largest.size >= MANY_ELEMENTS && !isRandom(op as OpName)) this.#tell(key, largest);
  }

  #tell(key: string, { shape }: Operand): void {
    isWarning ??= environmentVariable(VARIABLE) !== "off";
    if (!isWarning || this.#told.has(key)) return;
    this.#told.add(key);
    const [op, dtype] = key.split(" ");
    console.warn(
      `wasm: ${op} of ${dtype} ${showShape(shape)} has no kernel and runs in the reference's plain loops, slowly; ` +
        `fallbacks() lists all, setFallbackWarnings(false) or ${VARIABLE}=off hides this`,
    );
  }

  /** A row for each op and dtype, those with the most elements first. */
  get rows(): Fallback[] {
    return [...this.#rows.values()].map((row) => ({ ...row })).sort((a, b) => b.elements - a.elements);
  }

  /** Runs by op. */
  get runs(): Record<string, number> {
    const runs: Record<string, number> = {};
    for (const row of this.#rows.values()) runs[row.op] = (runs[row.op] ?? 0) + row.runs;
    return runs;
  }
}
