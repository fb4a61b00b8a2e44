/** Whole networks: training by batch size, deploy inference, S1 to S4, and a step op by op. */
import { openDevice } from "../../../../src/backends/gpu/device.js";
import { type GpuStepRow, measureWork, type Work } from "../../steps.js";
import type { Row, Telling } from "../part.js";

const MiB = 2 ** 20;

/** Sizes, for a card, for a software device, and for a glance. */
const sizes = {
  card: { imageSize: 224, batches: [32, 64, 128, 256, 512, 1024], deploy: [1, 32, 256], models: 64, samples: 20 },
  software: { imageSize: 32, batches: [2, 8, 32], deploy: [1, 8], models: 2, samples: 5 },
  quick: { imageSize: 32, batches: [2, 8], deploy: [1, 8], models: 2, samples: 2 },
} as const;

async function sizesOf({ isQuick }: Telling): Promise<(typeof sizes)[keyof typeof sizes]> {
  if (isQuick) return sizes.quick;
  const { info, dispose } = await openDevice();
  dispose();
  return info.isSoftware ? sizes.software : sizes.card;
}

const rowOf = (model: string, row: GpuStepRow): Row => ({
  model,
  form: row.form,
  px: row.imageSize,
  batch: row.batch,
  "images/s": row.imagesPerSecond,
  "step ms": row.medianMs,
  spread: row.spread === null ? null : `±${(50 * row.spread).toFixed(0)} %`,
  "device MiB": row.deviceBytes === null ? null : row.deviceBytes / MiB,
  ...(row.problem === null ? {} : { problem: row.problem }),
});

/** A step of the next size takes this much longer than one of the last. */
const GROWTH = 3;

async function all(telling: Telling, works: readonly Work[]): Promise<void> {
  let lastMs = 0;
  for (const work of works) {
    if (!telling.hasTime(GROWTH * lastMs)) {
      telling.note(`No time was left for ${work.model} at batch ${work.batch} and what follows.`);
      return;
    }
    const start = performance.now();
    const { row } = await measureWork(work, false);
    lastMs = performance.now() - start;
    telling.row("steps", rowOf(work.model, row));
  }
}

export async function train(telling: Telling): Promise<void> {
  const { batches, imageSize, samples } = await sizesOf(telling);
  const s0 = { form: "train", model: "mobileone_s0", imageSize, samples } as const;
  await all(
    telling,
    batches.map((batch) => ({ ...s0, batch })),
  );
}

export async function deploy(telling: Telling): Promise<void> {
  const { deploy: batches, imageSize, samples } = await sizesOf(telling);
  const s0 = { form: "deploy", model: "mobileone_s0", imageSize, samples } as const;
  await all(
    telling,
    batches.map((batch) => ({ ...s0, batch })),
  );
}

export async function models(telling: Telling): Promise<void> {
  const { models: batch, imageSize, samples } = await sizesOf(telling);
  const names = telling.isQuick ? ["mobileone_s1"] : ["mobileone_s1", "mobileone_s2", "mobileone_s3", "mobileone_s4"];
  await all(
    telling,
    names.map((model) => ({ form: "train", model, imageSize, samples, batch }) as const),
  );
}

const SHOWN = 40;

export async function profile(telling: Telling): Promise<void> {
  const { batches, imageSize } = await sizesOf(telling);
  const work = { form: "train", model: "mobileone_s0", batch: batches[0], imageSize, samples: 2 } as const;
  const { row, profile: found } = await measureWork(work, true);
  telling.row("step", rowOf(work.model, row));
  if (!found) throw new Error(row.problem ?? "the step was not recorded");
  const totalMs = found.costs.reduce((sum, { ms }) => sum + ms, 0);
  telling.note(
    `By ${found.clock}; dispatches one by one: ${totalMs.toFixed(1)} ms in all, the step took ${row.medianMs!.toFixed(1)} ms.`,
  );
  const shown = (op: string, runs: number, ms: number, flops: number, bytes: number): void =>
    telling.row(`op by op, batch ${work.batch}`, {
      op,
      runs,
      ms,
      share: `${((100 * ms) / totalMs).toFixed(1)} %`,
      "GFLOP/s": flops > 0 ? flops / ms / 1e6 : null,
      "GB/s": bytes / ms / 1e6,
    });
  for (const { op, runs, ms, flops, bytes } of found.costs.slice(0, SHOWN)) shown(op, runs, ms, flops, bytes);
  const byOp = new Map<string, { runs: number; ms: number; flops: number; bytes: number }>();
  for (const { op, runs, ms, flops, bytes } of found.costs) {
    const name = op.split(" ")[0]!;
    const sum = byOp.get(name) ?? { runs: 0, ms: 0, flops: 0, bytes: 0 };
    byOp.set(name, { runs: sum.runs + runs, ms: sum.ms + ms, flops: sum.flops + flops, bytes: sum.bytes + bytes });
  }
  for (const [op, { runs, ms, flops, bytes }] of [...byOp].sort((a, b) => b[1].ms - a[1].ms))
    telling.row("by kind of op", {
      op,
      runs,
      ms,
      share: `${((100 * ms) / totalMs).toFixed(1)} %`,
      "GFLOP/s": flops > 0 ? flops / ms / 1e6 : null,
      "GB/s": bytes / ms / 1e6,
    });
}
