/**
 * The whole network on the gpu backend: S0's training step from bytes to averages by batch size, with a profile of the
 * smallest, and deploy inference. A batch that the device has no memory for is a row that says so.
 */
import { withBackend } from "../../src/backends/backend.js";
import type { GpuExecutable } from "../../src/backends/gpu/executable.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import type { Clock } from "../../src/backends/gpu/timing.js";
import { compile, models, noGrad, randn, scope, type Tensor } from "../../src/index.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import type { ProfileRow } from "../../src/ops/program.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { TensoroneError } from "../../src/util/errors.js";
import type { OpCost } from "../measure/profile.js";
import { median, spread } from "../measure/stats.js";
import { makeBatch } from "../work/work.js";

export interface GpuStepRow {
  readonly form: "train" | "deploy";
  readonly batch: number;
  readonly imageSize: number;
  /** null where it could not run. */
  readonly medianMs: number | null;
  readonly spread: number | null;
  readonly imagesPerSecond: number | null;
  readonly deviceBytes: number | null;
  readonly problem: string | null;
}

export interface GpuProfile {
  readonly clock: Clock;
  readonly batch: number;
  readonly imageSize: number;
  readonly costs: readonly OpCost[];
}

export interface Work {
  readonly model: string;
  readonly form: GpuStepRow["form"];
  readonly batch: number;
  readonly imageSize: number;
  readonly samples: number;
}

const WARM_UP = 3;
const NUM_CLASSES = 1000;

/** A recipe's update from a made-up batch, from bytes to averages, on the backend in use. */
export function training({ model: name, batch, imageSize }: Pick<Work, "model" | "batch" | "imageSize">) {
  const recipe = { ...mobileoneS0, model: name };
  const model = models.createModel(recipe.model, { numClasses: NUM_CLASSES, training: "auto" });
  const update = new WholeUpdate(new Session(recipe, model, 1000));
  const pixels = makeBatch({ batch, imageSize });
  return (): Promise<unknown> => update.runLater(pixels);
}

function inference({ model: name, batch, imageSize }: Work): () => Promise<unknown> {
  const model = models.createModel(name, { numClasses: NUM_CLASSES, deploy: true });
  model.eval();
  const x = randn([batch, imageSize, imageSize, 3], { seed: 3 });
  const answer = compile((images: Tensor) => noGrad(() => model.forward(images)));
  return () => scope(() => answer(x).data());
}

/** The recording that the backend makes of a step; profiled, it runs once more on the inputs it holds. */
function listen(backend: GpuBackend): { readonly executable: () => GpuExecutable | null } {
  let last: GpuExecutable | null = null;
  const own = backend as { -readonly [K in "load"]: GpuBackend[K] };
  const load = own.load!;
  own.load = (program) => {
    last = load(program) as GpuExecutable;
    return last;
  };
  return { executable: () => last };
}

const costsOf = (rows: readonly ProfileRow[]): OpCost[] => {
  const totals = new Map<string, { runs: number; ms: number; flops: number; bytes: number }>();
  for (const { op, shapes, ms, flops, bytes } of rows) {
    const name = `${op} ${shapes.map((shape) => shape.join("×") || "1").join(" ")}`;
    const total = totals.get(name) ?? { runs: 0, ms: 0, flops: 0, bytes: 0 };
    totals.set(name, {
      runs: total.runs + 1,
      ms: total.ms + ms,
      flops: total.flops + flops,
      bytes: total.bytes + bytes,
    });
  }
  return [...totals].map(([op, total]) => ({ op, ...total, kernelMs: total.ms })).sort((a, b) => b.ms - a.ms);
};

/** A backend of its own; `atEnd` is called while everything is still held. */
export async function measureWork(
  work: Work,
  wantsProfile: boolean,
  atEnd: () => void = () => {},
): Promise<{ row: GpuStepRow; profile: GpuProfile | null }> {
  const { form, batch, imageSize, samples } = work;
  const about = { form, batch, imageSize };
  const backend = await createGpuBackend();
  try {
    return await withBackend(backend, async () => {
      const recording = listen(backend);
      const run = form === "train" ? training(work) : inference(work);
      const times: number[] = [];
      for (let i = 0; i < WARM_UP + samples; i++) {
        const start = performance.now();
        await run();
        if (i >= WARM_UP) times.push(performance.now() - start);
      }
      atEnd();
      const medianMs = median(times);
      const timed = wantsProfile ? await recording.executable()?.timed() : null;
      return {
        row: {
          ...about,
          medianMs,
          spread: spread(times),
          imagesPerSecond: (1000 * batch) / medianMs,
          deviceBytes: backend.stats.deviceBytes!,
          problem: null,
        },
        profile: timed ? { clock: timed.clock, batch, imageSize, costs: costsOf(timed.rows) } : null,
      };
    });
  } catch (error) {
    if (!(error instanceof TensoroneError)) throw error;
    const problem = error.message.split("\n")[0]!;
    const nothing = { medianMs: null, spread: null, imagesPerSecond: null, deviceBytes: null };
    return { row: { ...about, ...nothing, problem }, profile: null };
  } finally {
    await backend.dispose();
  }
}

export interface StepsResult {
  readonly rows: readonly GpuStepRow[];
  readonly profile: GpuProfile | null;
}

/** Training at each batch size, the first one profiled, then inference at each. */
export async function measureSteps(
  options: {
    readonly batches: readonly number[];
    readonly deployBatches: readonly number[];
    readonly imageSize: number;
    readonly samples: number;
  },
  tell: (line: string) => void,
  onResult: (soFar: StepsResult) => void = () => {},
): Promise<StepsResult> {
  const { batches, deployBatches, imageSize, samples } = options;
  const s0 = { model: "mobileone_s0", imageSize, samples };
  const works: Work[] = [
    ...batches.map((batch) => ({ ...s0, form: "train" as const, batch })),
    ...deployBatches.map((batch) => ({ ...s0, form: "deploy" as const, batch })),
  ];
  const rows: GpuStepRow[] = [];
  let profile: GpuProfile | null = null;
  for (const [i, work] of works.entries()) {
    const found = await measureWork(work, i === 0);
    profile ??= found.profile;
    rows.push(found.row);
    onResult({ rows, profile });
    const { form, batch, imagesPerSecond, problem } = found.row;
    tell(`S0 ${form} ${imageSize} px, batch ${batch}: ${problem ?? `${imagesPerSecond!.toFixed(1)} images/s`}`);
  }
  return { rows, profile };
}
