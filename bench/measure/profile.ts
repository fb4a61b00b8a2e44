/**
 * Where a step spends its time, op by op. Ops run one by one are timed by wrapping the backend's run, update and call, time
 * inside emitted code told apart from JavaScript around it; a replayed recording is asked for its own profile. What is in
 * no op at all (normalising pixels, autograd, modules, the loss on the host) is the row "outside".
 */
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { costOf } from "../../src/ops/cost/index.js";
import type { Executable, ProfileRow, Program } from "../../src/ops/program.js";

/** Means per step. */
export interface OpCost {
  /** In a recording with the shapes of its operands. */
  readonly op: string;
  readonly runs: number;
  readonly ms: number;
  /** Of `ms`, inside emitted code. */
  readonly kernelMs: number;
  readonly flops: number;
  readonly bytes: number;
}

type Total = { -readonly [K in Exclude<keyof OpCost, "op">]: number };
type AnyMethod = (op: string, ...rest: unknown[]) => void;

/** The first step emits and compiles kernels and the second one is recorded: neither is typical. */
const UNTYPICAL_STEPS = 2;

export class Profile {
  readonly #totals = new Map<string, Total>();
  #kernelMs = 0;
  #steps = 0;
  #inOpsMs = 0;

  /** From here on every op of `backend` is timed. */
  constructor(backend: WasmBackend) {
    const call = backend.call.bind(backend);
    backend.call = (...args) => {
      const start = performance.now();
      call(...args);
      this.#kernelMs += performance.now() - start;
    };
    const methods = backend as unknown as { run: AnyMethod; update: AnyMethod };
    for (const name of ["run", "update"] as const) {
      const plain = methods[name].bind(backend);
      methods[name] = (op, ...rest) => this.#time(op, () => plain(op, ...rest));
    }
    if (backend.load) {
      const load = backend.load.bind(backend);
      backend.load = (program: Program) => this.#timed(load(program), program);
    }
  }

  /** The same recording, profiled whenever it runs. */
  #timed(executable: Executable, program: Program): Executable {
    return {
      temporaryBytes: executable.temporaryBytes,
      copyOutput: (i, to, offset) => executable.copyOutput(i, to, offset),
      profile: (inputs, offsets, runs) => executable.profile(inputs, offsets, runs),
      dispose: () => executable.dispose(),
      run: (inputs, offsets) => {
        executable.profile(inputs, offsets, 1).forEach((time, i) => {
          this.#addRow({ ...time, ...costOf(program, program.instructions[i]!) });
        });
      },
    };
  }

  #addRow({ op, shapes, ms, flops, bytes }: ProfileRow): void {
    const operands = shapes.map((shape) => (shape.length === 0 ? "1" : shape.join("×"))).join(" ");
    this.#add(`${op} ${operands}`, { runs: 1, ms, kernelMs: ms, flops, bytes });
  }

  #time(op: string, body: () => void): void {
    const [start, kernelsBefore] = [performance.now(), this.#kernelMs];
    body();
    const ms = performance.now() - start;
    this.#add(op, { runs: 1, ms, kernelMs: this.#kernelMs - kernelsBefore, flops: 0, bytes: 0 });
  }

  #add(op: string, more: Total): void {
    this.#inOpsMs += more.ms;
    const total = this.#totals.get(op);
    if (!total) this.#totals.set(op, { ...more });
    else for (const key of Object.keys(total) as (keyof Total)[]) total[key] += more[key];
  }

  startStep(): void {
    if (this.#steps === UNTYPICAL_STEPS) this.#totals.clear();
    this.#inOpsMs = 0;
  }

  endStep(ms: number): void {
    this.#add("outside", { runs: 1, ms: ms - this.#inOpsMs, kernelMs: 0, flops: 0, bytes: 0 });
    this.#steps++;
  }

  /** Dearest first; only typical steps count, where there were any. */
  costs(): OpCost[] {
    const steps = this.#steps > UNTYPICAL_STEPS ? this.#steps - UNTYPICAL_STEPS : this.#steps;
    return [...this.#totals]
      .map(([op, { runs, ms, kernelMs, flops, bytes }]) => ({
        ...{ op, runs: runs / steps, ms: ms / steps, kernelMs: kernelMs / steps },
        ...{ flops: flops / steps, bytes: bytes / steps },
      }))
      .sort((a, b) => b.ms - a.ms);
  }
}
