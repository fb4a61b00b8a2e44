/** `bench`: the door to bench/, which is compiled apart, when it is asked for, and comes with the repository only. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TrainingChoice } from "../../models/index.js";
import { TensoroneError, UsageError } from "../../util/errors.js";
import { defineCommand } from "../command.js";
import { choice, flag, integer, integers, text } from "../options.js";
import { packageRoot } from "../paths.js";
import { commonOptions } from "../shared-options.js";

/** What can be measured. */
export const benchParts = ["kernels", "step", "compare"] as const;
const benchBackends = ["wasm", "gpu"] as const;
export type BenchBackend = (typeof benchBackends)[number];
const trainingForms = ["plain", "folded", "auto"] as const satisfies readonly TrainingChoice[];

const inPackage = (...parts: string[]): string => join(packageRoot, ...parts);

export const bench = defineCommand({
  name: "bench",
  summary: "Measures kernels and the whole training step (in a checkout of the repository)",
  positionals: {
    names: benchParts,
    isChoice: true,
    help: [
      "each kernel on the shapes of MobileOne-S0: time, GFLOP/s, GB/s, share of the measured peak",
      "whole training steps and deploy inference: images/s, memory, 1 and 2 threads by turns",
      "steps and answers by turns with PyTorch (python3-torch of Debian) and with ONNX Runtime, tfjs and jax-js (npm ci --prefix bench/compare), where they are installed; not measured unless asked for",
    ],
  },
  options: {
    backend: choice<BenchBackend>(benchBackends, {
      help: "gpu: everything that is measured on a GPU, or on what WebGPU takes for one (docs/on-a-gpu.md)",
      default: "wasm",
    }),
    filter: text({ help: "only kernels whose name holds TEXT, such as pointwise or 48@56; works of compare likewise" }),
    threads: integers({ help: "default: 1 for kernels, 1 and 2 for steps" }),
    imageSize: integer({ help: "side of the pictures of steps; default: 32 and 224" }),
    batch: integers({ help: "images of a step; several with --backend gpu; default: 32" }),
    training: choice<TrainingChoice>(trainingForms, { help: "form of blocks in training steps", default: "plain" }),
    quick: flag({ help: "fewer samples: a glance, not a result" }),
    profile: flag({ help: "steps op by op, time in kernels and in JavaScript" }),
    against: text({ help: "ratio to an earlier result file", placeholder: "FILE" }),
    save: text({ help: "write bench/results/NAME.json and renew bench/results/README.md", placeholder: "NAME" }),
    coverage: flag({ help: "which ops have a wasm kernel; measures nothing" }),
    ...commonOptions,
  },
  examples: ["bench", "bench kernels --filter 48@56 --quick", "bench --backend gpu --batch 32,64"],
  async run({ json, ...values }) {
    expectFittingBatches(values);
    if (!existsSync(inPackage("bench", "run.ts")))
      throw new UsageError(
        "bench: there are no benchmarks here, expected a checkout of the repository",
        "the installed package leaves them out; in a checkout: npm run bench",
      );
    const compiler = inPackage("node_modules", "typescript", "bin", "tsc");
    if (!existsSync(compiler))
      throw new UsageError("bench: no TypeScript compiler in node_modules, expected one", "npm ci installs it");
    const compiled = await node([compiler, "-p", inPackage("tsconfig.bench.json")], json);
    if (compiled !== 0)
      throw new TensoroneError(`bench: the TypeScript compiler ended with ${compiled}`, "npm run typecheck shows why");
    // the words as they came, behind "bench"
    const words = process.argv.slice(process.argv.indexOf("bench") + 1);
    const asJson = json && !words.includes("--json") ? ["--json"] : [];
    // what there is to say on stdout, the child has said
    return { json: null, exitCode: await node([inPackage("build", "bench", "run.js"), ...words, ...asJson], false) };
  },
});

/** Throws UsageError for several batches on the wasm backend. */
export function expectFittingBatches(values: {
  readonly backend: BenchBackend;
  readonly batch: readonly number[];
}): void {
  if (values.backend !== "wasm" || values.batch.length <= 1) return;
  throw new UsageError(`bench: --batch: ${values.batch.join(",")}, expected one number on the wasm backend`);
}

/** Runs Node on these words with our own streams, or with stderr for both; resolves to its exit code. */
function node(args: readonly string[], isAside: boolean): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: ["inherit", isAside ? 2 : "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
