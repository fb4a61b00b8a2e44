/**
 * A structure made ready to replay: fused, placed by lifetime, loaded by its backend. Storages from outside are used where
 * they lie if they were the same at both calls that were compared; others are copied in, and back where they are written.
 */
import { load } from "../backends/programs.js";
import type { Runner } from "../ops/apply.js";
import { costOf } from "../ops/cost/index.js";
import {
  CheckFailure,
  type Executable,
  type Instruction,
  type Precision,
  type ProfileRow,
  type Program,
  type Value,
  type ValueView,
} from "../ops/program.js";
import type { TypedArray } from "../tensor/dtype.js";
import { Storage } from "../tensor/storage.js";
import { fuse } from "./fuse.js";
import { independentGroups } from "./groups.js";
import { materialize } from "./interpret.js";
import { postponeUpdates } from "./late.js";
import { fuseNormGradients } from "./norm-gradients.js";
import { fuseStatistics } from "./norm-statistics.js";
import { fuseNormSums } from "./norm-sums.js";
import type { Numbering } from "./numbering.js";
import { placeTemporaries } from "./place.js";
import type { Structure } from "./structure.js";
import type { Trace } from "./trace.js";

/** Values of a constant up to this length are compared before they are written again. */
const COMPARED_LENGTH = 64;

interface Constant {
  readonly id: number;
  /** The program's own. */
  readonly storage: Storage;
  values: TypedArray;
}

export class Recording {
  readonly executable: Executable;
  readonly #program: Program;
  /** Set when memory that the program uses in place was freed. */
  isStale = false;
  readonly #constants: readonly Constant[];
  /** Numbers of the values that are copied in, and of those that are copied out. */
  readonly #inputs: readonly number[];
  readonly #outputs: readonly number[];
  readonly #unwatch: (() => void)[] = [];

  /** `copied`: externals that are not used where they lie. */
  constructor(
    { runner, values, instructions, survivors }: Structure,
    numbering: Numbering,
    trace: Trace,
    copied: ReadonlySet<number>,
    precision: Precision = "float32",
  ) {
    const isCopied = (id: number): boolean => values[id]!.kind === "input" || copied.has(id);
    const ids = values.map((_, id) => id);
    const written = new Set(
      instructions.flatMap(({ kind, outputs }) => (kind === "op" ? [] : outputs.map(({ value }) => value))),
    );
    this.#inputs = ids.filter(isCopied);
    this.#outputs = [...ids.filter((id) => isCopied(id) && written.has(id)), ...survivors];
    const constants: Constant[] = [];
    const programValues = values.map(({ kind, dtype, length }, id): Value => {
      if (isCopied(id)) return { dtype, length, kind: "input", storage: null };
      if (kind === "temporary") return { dtype, length, kind, storage: null };
      let storage = numbering.storageOf(id)!;
      if (kind === "constant") {
        const given = trace.constants.get(storage)!;
        storage = new Storage(runner, dtype, length);
        runner.write(storage.allocation, dtype, 0, given);
        constants.push({ id, storage, values: given });
      } else this.#unwatch.push(storage.watchFree(() => this.dispose()));
      return { dtype, length, kind: "external", storage };
    });
    this.#constants = constants;
    const whole = (value: number): ValueView => ({ value, offset: 0, shape: [values[value]!.length] });
    const outputs = this.#outputs.map(whole);
    const ordered = postponeUpdates(fuseAll(runner, instructions, outputs, programValues));
    const unplaced = {
      values: programValues,
      instructions: ordered,
      inputs: this.#inputs.map(whole),
      outputs,
      groups: independentGroups(ordered),
      precision,
    };
    this.#program = { ...unplaced, ...placeTemporaries(unplaced) };
    try {
      this.executable = load(runner, this.#program);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** A row per instruction of the program, over `runs` runs on the storages of one call. */
  profile(numbering: Numbering, runs: number): readonly ProfileRow[] {
    const times = this.executable.profile(...this.inputsOf(numbering), runs);
    return times.map((time, i) => {
      const { flops, bytes } = costOf(this.#program, this.#program.instructions[i]!);
      return { ...time, flops, bytes };
    });
  }

  /** Runs the program on the storages of one call, and gives memory and values to what outlives it. */
  run(numbering: Numbering, trace: Trace): void {
    this.#bind(numbering, trace);
    try {
      this.executable.run(...this.inputsOf(numbering));
    } catch (error) {
      const steps = error instanceof CheckFailure ? error.step : 0;
      const made = new Set(trace.steps.slice(0, steps).flatMap(({ outputs }) => outputs.map(({ home }) => home)));
      this.#copyOut(numbering, (storage) => storage.hasMemory || made.has(storage));
      if (!(error instanceof CheckFailure)) throw error;
      trace.revert(error.step + 1);
      throw error.error;
    }
    this.#copyOut(numbering, () => true);
    for (const storage of trace.survivors) materialize(storage, trace);
  }

  /** Gives constants the values of this call. */
  #bind(numbering: Numbering, trace: Trace): void {
    for (const constant of this.#constants) {
      const given = trace.constants.get(numbering.storageOf(constant.id)!)!;
      if (isSame(given, constant.values)) continue;
      constant.values = given;
      const { backend, allocation, dtype } = constant.storage;
      backend.write(allocation, dtype, 0, given);
    }
  }

  inputsOf(numbering: Numbering): [storages: Storage[], offsets: number[]] {
    return [this.#inputs.map((id) => numbering.storageOf(id)!), this.#inputs.map((id) => numbering.baseOf(id))];
  }

  #copyOut(numbering: Numbering, isWanted: (storage: Storage) => boolean): void {
    this.#outputs.forEach((id, i) => {
      const storage = numbering.storageOf(id)!;
      if (!isWanted(storage)) return;
      storage.materialize();
      this.executable.copyOutput(i, storage, numbering.baseOf(id));
    });
  }

  dispose(): void {
    if (this.isStale) return;
    this.isStale = true;
    this.executable.dispose();
    this.#release();
  }

  #release(): void {
    for (const end of this.#unwatch) end();
    for (const { storage } of this.#constants) storage.release();
  }
}

/** Fused as the backend has kernels for it. */
function fuseAll(
  runner: Runner,
  instructions: readonly Instruction[],
  outputs: readonly ValueView[],
  values: Value[],
): Instruction[] {
  const fused = fuse(instructions, outputs);
  if (!runner.fusesBatchNorm) return fused;
  const passes = fuseNormSums(fuseNormGradients(fused, outputs, values), outputs, values);
  return fuseStatistics(passes, outputs, values);
}

function isSame(a: TypedArray, b: TypedArray): boolean {
  if (a.length > COMPARED_LENGTH) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
