/**
 * What a training step costs on a card that nobody needs to have: the real lowerings run on a device that counts, and each
 * dispatch says what it reads, writes and how many of its threads work. The floor is what no card of these rates is below.
 */
import { withBackend } from "../../src/backends/backend.js";
import type { GpuExecutable } from "../../src/backends/gpu/executable.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { asNavigator, CountingDevice, largeCard } from "../../test/gpu/counting-device.js";
import { training } from "./steps.js";

/** A card of 80 GB as the floor takes it. */
export const card = { bytesPerSecond: 3e12, flopsPerSecond: 60e12, secondsPerDispatch: 3e-6 } as const;

export interface RooflineRow {
  readonly kernel: string;
  readonly dispatches: number;
  readonly bytes: number;
  readonly flops: number;
  readonly floorMs: number;
  readonly threads: number;
  readonly working: number;
}

export interface Roofline {
  readonly model: string;
  readonly batch: number;
  readonly imageSize: number;
  readonly rows: readonly RooflineRow[];
  readonly total: Omit<RooflineRow, "kernel">;
  /** Threads that work, each dispatch weighed by its floor. */
  readonly workingByTime: number;
  readonly peakBytes: number;
}

type Cost = GpuExecutable["costs"][number];

const floorSeconds = ({ bytes, flops }: Pick<Cost, "bytes" | "flops">): number =>
  Math.max(bytes / card.bytesPerSecond, flops / card.flopsPerSecond, card.secondsPerDispatch);

/** Joined updates differ in how many they are only. */
const kernelName = ({ name, ops }: Cost): string => {
  const kernel = name.replace(/ × \d+$/, "");
  return ops.length === 1 ? `${ops[0]}: ${kernel}` : kernel;
};

const nothing = { dispatches: 0, bytes: 0, flops: 0, floorMs: 0, threads: 0, working: 0 };
const withCost = (sum: typeof nothing, cost: Cost): typeof nothing => ({
  dispatches: sum.dispatches + 1,
  bytes: sum.bytes + cost.bytes,
  flops: sum.flops + cost.flops,
  floorMs: sum.floorMs + 1000 * floorSeconds(cost),
  threads: sum.threads + cost.threads,
  working: sum.working + cost.working,
});

/** The last program that the backend loads. */
function listen(backend: GpuBackend): () => GpuExecutable {
  let last: GpuExecutable | null = null;
  const own = backend as { -readonly [K in "load"]: GpuBackend[K] };
  const load = own.load!;
  own.load = (program) => {
    last = load(program) as GpuExecutable;
    return last;
  };
  return () => last!;
}

/** Steps until one is replayed: op by op, recorded, replayed. */
const STEPS = 4;

/** The costs of a replayed training step, dispatch by dispatch. */
export async function countStep(work: {
  readonly model: string;
  readonly batch: number;
  readonly imageSize: number;
}): Promise<{ readonly costs: readonly Cost[]; readonly peakBytes: number }> {
  const device = new CountingDevice(largeCard);
  const backend = await asNavigator(device.entry, () => createGpuBackend());
  try {
    return await withBackend(backend, async () => {
      const executable = listen(backend);
      const step = training(work);
      for (let i = 0; i < STEPS; i++) await step();
      return { costs: executable().costs, peakBytes: device.peakBytes };
    });
  } finally {
    await backend.dispose();
  }
}

/** A step's costs by kernel, the longest floor first. */
export async function rooflineOf(work: Parameters<typeof countStep>[0]): Promise<Roofline> {
  const { costs, peakBytes } = await countStep(work);
  const byKernel = new Map<string, typeof nothing>();
  for (const cost of costs) {
    const name = kernelName(cost);
    byKernel.set(name, withCost(byKernel.get(name) ?? nothing, cost));
  }
  const rows = [...byKernel].map(([kernel, sum]) => ({ kernel, ...sum })).sort((a, b) => b.floorMs - a.floorMs);
  const total = costs.reduce(withCost, nothing);
  const weighed = costs.reduce((sum, cost) => sum + (floorSeconds(cost) * cost.working) / cost.threads, 0);
  return { ...work, rows, total, workingByTime: (1000 * weighed) / total.floorMs, peakBytes };
}
