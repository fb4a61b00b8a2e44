/**
 * What the host spends on an op of the gpu backend: from the call of a function to its return, which is before the device
 * is done. The device is idle when a sample starts; a software device shares the cores with the host as soon as work
 * arrives, so that eager figures, which hand work over on the way, hold some of its time, and replayed ones hardly any.
 */
import type { GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { compile, randn, relu, scope, type Tensor } from "../../src/index.js";
import { median } from "../measure/stats.js";
import { trainingStep } from "./training-step.js";

export interface EnqueueRow {
  readonly what: string;
  readonly form: "eager" | "replayed";
  /** Ops and updates of the engine. */
  readonly ops: number;
  /** Of one call. */
  readonly dispatches: number;
  readonly microseconds: number;
  /** The fastest sample. */
  readonly bestMicroseconds: number;
}

const CHAIN = 2000;
const WARM_UP = 4;

/** Ops that `run` asks the backend for. */
function countOps(backend: GpuBackend, run: () => void): number {
  let ops = 0;
  const own = backend as unknown as Record<"run" | "update", (...args: unknown[]) => void>;
  const before = { run: own.run, update: own.update };
  for (const name of ["run", "update"] as const)
    own[name] = (...args) => {
      ops++;
      before[name].apply(backend, args);
    };
  run();
  Object.assign(own, before);
  return ops;
}

async function sample(
  backend: GpuBackend,
  what: string,
  form: EnqueueRow["form"],
  ops: number,
  run: () => Tensor,
  samples: number,
): Promise<EnqueueRow> {
  const times: number[] = [];
  let dispatches = 0;
  for (let i = 0; i < WARM_UP + samples; i++) {
    const before = backend.stats.dispatches!;
    const start = performance.now();
    const y = scope(run);
    const spentMs = performance.now() - start;
    const values = y.data();
    dispatches = backend.stats.dispatches! - before;
    await values;
    y.dispose();
    if (i >= WARM_UP) times.push((1000 * spentMs) / ops);
  }
  return { what, form, ops, dispatches, microseconds: median(times), bestMicroseconds: Math.min(...times) };
}

/** A chain of small ops, and S0's training step on small pictures. */
export async function measureEnqueue(backend: GpuBackend, samples: number): Promise<EnqueueRow[]> {
  const rows: EnqueueRow[] = [];
  const measure = async (what: string, plain: () => Tensor, replayed: () => Tensor): Promise<void> => {
    // the first call differs: averages are copied
    scope(plain).dispose();
    const ops = countOps(backend, () => scope(plain).dispose());
    rows.push(await sample(backend, what, "eager", ops, plain, samples));
    rows.push(await sample(backend, what, "replayed", ops, replayed, samples));
  };
  const x = randn([1024]);
  const chain = (input: Tensor): Tensor => {
    let y = input;
    for (let i = 0; i < CHAIN; i++) y = relu(y);
    return y;
  };
  const compiled = compile(chain);
  await measure(
    `a chain of ${CHAIN} relu`,
    () => chain(x),
    () => compiled(x),
  );
  compiled.dispose();
  const step = trainingStep({ batch: 2, imageSize: 32, numClasses: 10 });
  await measure("S0's training step, 32 px, batch 2", step.plain, step.replayed);
  step.dispose();
  return rows;
}
