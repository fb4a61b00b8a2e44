/** The command line of the benchmarks. */
import { parseArgs } from "node:util";
import type { TrainingChoice } from "../src/models/training-choice.js";
import { UsageError } from "../src/util/errors.js";

export const parts = ["kernels", "step", "compare"] as const;
export type Part = (typeof parts)[number];

export const backends = ["wasm", "gpu"] as const;
export type BenchBackend = (typeof backends)[number];

export interface BenchOptions {
  readonly backend: BenchBackend;
  /** What to measure. */
  readonly parts: readonly Part[];
  readonly filter: string;
  /** For the kernels; steps take each number given, by default 1 and 2. */
  readonly threads: readonly number[];
  readonly isQuick: boolean;
  readonly isJson: boolean;
  readonly isProfiled: boolean;
  readonly wantsCoverage: boolean;
  readonly wantsHelp: boolean;
  /** A result file to compare with. */
  readonly against: string | undefined;
  /** Name to save under. */
  readonly save: string | undefined;
  readonly imageSize: number | undefined;
  readonly batch: number | undefined;
  /** Of steps on the gpu backend, one after the other; none where it chooses. */
  readonly batches: readonly number[];
  readonly training: TrainingChoice;
}

export const help = `Measures tensorone on this machine.

  npm run bench -- [kernels] [step] [compare] [OPTIONS]

  kernels             each kernel on the shapes of MobileOne-S0: time, GFLOP/s, GB/s, share of the measured peak
  step                whole training steps and deploy inference: images/s, memory, threads 1 and 2 by turns
  compare             training steps and deploy inference by turns with PyTorch (python3-torch of Debian) and with
                      ONNX Runtime, tfjs and jax-js (npm ci --prefix bench/compare), where they are installed;
                      --filter s0, train, deploy, … (default: kernels and step)

  --backend gpu       everything that is measured on a GPU, or on what WebGPU takes for one (docs/on-a-gpu.md): host time
                      per op, matrix products, S0 steps by batch size with a profile, deploy inference.
                      Takes --batch N[,N], --image-size, --quick, --save NAME, --json
  --filter TEXT       only kernels whose name holds TEXT, such as "pointwise" or "48@56"
  --threads N[,N]     default 1 for kernels, 1,2 for steps
  --image-size N      of steps; default 32 and 224
  --batch N           of steps; default 32
  --training FORM     of blocks in training steps: plain (default), folded, auto
  --quick             fewer samples: a glance, not a result
  --profile           steps op by op, time in kernels and in JavaScript
  --against FILE      ratio to an earlier result file
  --save NAME         write bench/results/NAME.json and renew bench/results/README.md
  --json              the results as one JSON object on stdout
  --coverage          which ops have a wasm kernel; measures nothing`;

const table = {
  filter: { type: "string", default: "" },
  threads: { type: "string" },
  quick: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  profile: { type: "boolean", default: false },
  coverage: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  against: { type: "string" },
  save: { type: "string" },
  "image-size": { type: "string" },
  batch: { type: "string" },
  backend: { type: "string", default: "wasm" },
  training: { type: "string", default: "plain" },
} as const;

const trainingForms: readonly TrainingChoice[] = ["plain", "folded", "auto"];

const HINT = "npm run bench -- --help lists the options";

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1))
    throw new UsageError(`bench: ${name} is ${text}, expected a positive integer`, HINT);
  return value;
}

function benchBackend(text: string): BenchBackend {
  const found = backends.find((name) => name === text);
  if (found === undefined) throw new UsageError(`bench: --backend is ${text}, expected ${backends.join(" or ")}`, HINT);
  return found;
}

function trainingForm(text: string): TrainingChoice {
  const found = trainingForms.find((form) => form === text);
  if (found === undefined)
    throw new UsageError(`bench: --training is ${text}, expected ${trainingForms.join(", ")}`, HINT);
  return found;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: table, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`bench: ${error instanceof Error ? error.message.split(". ")[0] : error}`, HINT);
  }
}

/** Throws UsageError for what is not in the help. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = read(args);
  const unknown = positionals.find((word) => !(parts as readonly string[]).includes(word));
  if (unknown !== undefined)
    throw new UsageError(`bench: there is no part "${unknown}", expected ${parts.join(", ")}`, HINT);
  const imageSize = values["image-size"];
  const backend = benchBackend(values.backend);
  const batches = (values.batch?.split(",") ?? []).map((text) => positive("--batch", text));
  if (backend === "wasm" && batches.length > 1)
    throw new UsageError(`bench: --batch is ${values.batch}, expected one number on the wasm backend`, HINT);
  return {
    backend,
    parts: positionals.length > 0 ? (positionals as Part[]) : ["kernels", "step"],
    filter: values.filter,
    threads: (values.threads?.split(",") ?? []).map((text) => positive("--threads", text)),
    isQuick: values.quick,
    isJson: values.json,
    isProfiled: values.profile,
    wantsCoverage: values.coverage,
    wantsHelp: values.help,
    against: values.against,
    save: values.save,
    imageSize: imageSize === undefined ? undefined : positive("--image-size", imageSize),
    batch: batches[0],
    batches,
    training: trainingForm(values.training),
  };
}
