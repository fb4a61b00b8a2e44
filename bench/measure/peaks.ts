/**
 * What this machine can do at most, measured with code from the engine's own assembler on the engine's own threads: a loop of
 * fused multiply-adds on registers alone, and copies within each level of the memory hierarchy. Noise can only lower a
 * peak, so the best of many runs counts.
 */

import { defineKernel } from "../../src/backends/wasm/kernels/define-kernel.js";
import type { Plan } from "../../src/backends/wasm/kernels/plan.js";
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { update } from "../../src/ops/apply.js";
import { allocate } from "../../src/tensor/create.js";
import type { Work } from "./case.js";

/** A level of memory, by how much its copy moved in all (source and target). */
export interface Bandwidth {
  readonly level: string;
  readonly footprintBytes: number;
  readonly gbps: number;
}

export interface Peaks {
  readonly threads: number;
  readonly gflops: number;
  /** Bytes read plus bytes written, from the smallest footprint to the largest. */
  readonly bandwidths: readonly Bandwidth[];
}

/** Latency 4 times throughput 2 needs 8 independent sums; V8 has 15 registers. */
const ACCUMULATORS = 12;
const UNROLLED = 4;
const ROUNDS = 20000;

const fmaLoop = defineKernel(
  { name: "bench: multiply-adds on registers", args: { rounds: "int", result: "pointer" } },
  ({ f }, task, { rounds, result }) => {
    const at = f.int(result.add(task.mul(64)));
    const [a, b] = [f.vec(f.splat(0.5)), f.vec(f.splat(0.25))];
    const sums = Array.from({ length: ACCUMULATORS }, () => f.vec(f.splat(1)));
    f.for(0, rounds, 1, () => {
      for (let i = 0; i < UNROLLED; i++) for (const sum of sums) sum.set(f.madd(a, b, sum));
    });
    f.store(
      at,
      0,
      sums.slice(1).reduce((total, sum) => total.add(sum), sums[0]!.add(0)),
    );
  },
);

/** Vectors per round. */
const COPIED = 8;

const copyLoop = defineKernel(
  { name: "bench: copies", args: { from: "pointer", to: "pointer", bytes: "int", rounds: "int" } },
  ({ m, f }, task, { from, to, bytes, rounds }) => {
    f.for(0, rounds, 1, () => {
      const source = f.int(from.add(task.mul(bytes)));
      const target = f.int(to.add(task.mul(bytes)));
      const end = f.int(source.add(bytes));
      const step = 4 * m.lanes;
      f.doWhile(
        () => {
          const values = Array.from({ length: COPIED }, (_, i) => f.vec(f.load(source, i * step)));
          for (const [i, value] of values.entries()) f.store(target, i * step, value);
          source.inc(COPIED * step);
          target.inc(COPIED * step);
        },
        () => source.below(end),
      );
    });
  },
);

/** Runs calls of kernels without scratch at once. */
const planOf = (backend: WasmBackend): Plan => ({
  target: backend.target,
  call: (kernel, tasks, args) => backend.call(kernel, tasks, args),
  scratch: () => 0,
  scratchPerWorker: () => 0,
});

const KIB = 1024;
const MIB = 1024 * KIB;
/** Footprints per thread in the caches of one core, in all beyond them. */
const levels = [
  { level: "L1", footprintBytes: 32 * KIB, isPerThread: true },
  { level: "L2", footprintBytes: 1 * MIB, isPerThread: true },
  { level: "L3", footprintBytes: 16 * MIB, isPerThread: false },
  { level: "L3", footprintBytes: 48 * MIB, isPerThread: false },
  { level: "DRAM", footprintBytes: 192 * MIB, isPerThread: false },
] as const;
/** How the large copies are cut; the size of a task of the engine's own streaming kernels. */
const CHUNK_BYTES = 128 * KIB;
/** Of one measured run: long against the clock and the fork, short against the scheduler. */
const CACHED_RUN_BYTES = 16 * MIB;

/** Shortest run of `body` within `budgetMs` and at least 3 runs. */
function bestMs(body: () => void, budgetMs: number): number {
  body();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + budgetMs;
  for (let runs = 0; runs < 3 || performance.now() < end; runs++) {
    const start = performance.now();
    body();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** A pointer to memory while `body` runs; written once, since pages never written to are all the same one, and cached. */
function withMemory<T>(backend: WasmBackend, bytes: number, body: (pointer: number) => T): T {
  const held = allocate([bytes / 4], "float32", backend);
  update("fill", [held], { value: 1 });
  const { block } = held.storage.allocation as unknown as { readonly block: { readonly pointer: number } };
  try {
    return body(block.pointer);
  } finally {
    held.dispose();
  }
}

function measureFlops(backend: WasmBackend, budgetMs: number): number {
  const tasks = 8 * backend.threads;
  const flops = tasks * ROUNDS * UNROLLED * ACCUMULATORS * 2 * backend.target.lanes;
  return withMemory(backend, 64 * tasks, (result) => {
    const ms = bestMs(() => fmaLoop.call(planOf(backend), { tasks, args: { rounds: ROUNDS, result } }), budgetMs);
    return flops / ms / 1e6;
  });
}

function measureCopy(backend: WasmBackend, level: (typeof levels)[number], budgetMs: number): Bandwidth {
  const { footprintBytes, isPerThread } = level;
  const half = footprintBytes / 2;
  // as many tasks as threads keeps the chunks of a core in its own cache
  const tasks = isPerThread ? backend.threads : half / CHUNK_BYTES;
  const chunk = isPerThread ? half : CHUNK_BYTES;
  const rounds = isPerThread ? CACHED_RUN_BYTES / footprintBytes : 1;
  return withMemory(backend, 2 * tasks * chunk, (from) => {
    const args = { from, to: from + tasks * chunk, bytes: chunk, rounds };
    const ms = bestMs(() => copyLoop.call(planOf(backend), { tasks, args }), budgetMs);
    return { level: level.level, footprintBytes, gbps: (2 * tasks * chunk * rounds) / ms / 1e6 };
  });
}

/** Measures for about 5 × `budgetMs`. */
export function measurePeaks(backend: WasmBackend, budgetMs = 150): Peaks {
  return {
    threads: backend.threads,
    gflops: measureFlops(backend, budgetMs),
    bandwidths: levels.map((level) => measureCopy(backend, level, budgetMs)),
  };
}

/** The best of several measurements: noise only lowers a peak. */
export function bestPeaks(first: Peaks, ...others: readonly Peaks[]): Peaks {
  return {
    threads: first.threads,
    gflops: Math.max(first.gflops, ...others.map(({ gflops }) => gflops)),
    bandwidths: first.bandwidths.map((bandwidth, i) => ({
      ...bandwidth,
      gbps: Math.max(bandwidth.gbps, ...others.map(({ bandwidths }) => bandwidths[i]!.gbps)),
    })),
  };
}

/** Bandwidth for a footprint: between two measured ones on the straight line of their logarithms. */
export function bandwidthFor(footprintBytes: number, { bandwidths }: Peaks): Bandwidth {
  const at = bandwidths.findIndex((bandwidth) => footprintBytes <= bandwidth.footprintBytes);
  if (at <= 0) return { ...bandwidths.at(at)!, footprintBytes };
  const [low, high] = [bandwidths[at - 1]!, bandwidths[at]!];
  const share = Math.log(footprintBytes / low.footprintBytes) / Math.log(high.footprintBytes / low.footprintBytes);
  const gbps = low.gbps * (high.gbps / low.gbps) ** share;
  return { level: (share < 0.5 ? low : high).level, footprintBytes, gbps };
}

/** The least time that `work` can take, and what bounds it; undefined where nothing is counted. */
export function floorOf(
  { flops = 0, bytes = 0, footprintBytes = bytes }: Work,
  peaks: Peaks,
): { readonly ms: number; readonly bound: string } | undefined {
  if (flops === 0 && bytes === 0) return undefined;
  const { level, gbps } = bandwidthFor(footprintBytes, peaks);
  const arithmeticMs = flops / peaks.gflops / 1e6;
  const memoryMs = bytes / gbps / 1e6;
  return arithmeticMs >= memoryMs ? { ms: arithmeticMs, bound: "FMA" } : { ms: memoryMs, bound: level };
}
