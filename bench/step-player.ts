/**
 * A process that does whole-network work step by step when told to (see measure/player.ts). Run by the studies step and compare:
 * node build/bench/step-player.js '{"form":"train",…}' [profile]
 */
import { createInterface } from "node:readline";
import type { WasmBackend } from "../src/backends/wasm/wasm-backend.js";
import { setBackend } from "../src/index.js";
import { liveStorage } from "../src/tensor/storage.js";
import { type OpCost, Profile } from "./measure/profile.js";
import { prepareWork, type StepWork } from "./work/work.js";

/** What our own player adds to a PlayerSummary. */
export interface StepSummary {
  readonly peakResidentBytes: number;
  /** Of Node. */
  readonly version: string;
  /** Of all tensors that outlive a step. */
  readonly liveBytes: number;
  /** The most that tensors and buffers held within a step. */
  readonly arenaPeakBytes: number;
  readonly kernels: number;
  /** Runs on the reference kernels per step, by op. */
  readonly fallbacks: Readonly<Record<string, number>>;
  /** The ops of one step, dearest first. */
  readonly profile?: readonly OpCost[];
}

const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

const work = JSON.parse(process.argv[2]!) as StepWork;
const backend = (await setBackend("wasm", { threads: work.threads, turbo: work.turbo === true })) as WasmBackend;
const isAsAsked = backend.stats.turbo === (work.turbo === true);
// a backend that cannot replay runs compiled functions op by op
if (work.isEager) Object.defineProperty(backend, "load", { value: undefined });
const profile = process.argv[3] === "profile" ? new Profile(backend) : null;
const runStep = prepareWork(work);
let steps = 0;
say(isAsAsked ? { ready: true } : { skip: "turbo does not run here, the warning above says why" });

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
  profile?.startStep();
  const start = performance.now();
  runStep();
  const ms = performance.now() - start;
  profile?.endStep(ms);
  steps++;
  say({ ms });
}

const { peakBytes, kernels, fallbacks } = backend.stats;
say({
  peakResidentBytes: 1024 * process.resourceUsage().maxRSS,
  version: `Node ${process.version.slice(1)}`,
  liveBytes: liveStorage().bytes,
  arenaPeakBytes: peakBytes,
  kernels,
  fallbacks: Object.fromEntries(Object.entries(fallbacks).map(([op, runs]) => [op, runs / Math.max(1, steps)])),
  ...(profile && { profile: profile.costs() }),
} satisfies StepSummary);
// worker threads may still be parked
process.exit();
