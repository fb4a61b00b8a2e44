/** Which tests are for `npm test`, and which only for `npm run test:all`. A new file is for npm test unless it is listed. */
import { fileURLToPath } from "node:url";

const source = (entry: string): string => fileURLToPath(new URL(`../src/${entry}.ts`, import.meta.url));

/** What every suite is run with. */
export const settings = {
  // programs of examples/ import the package by its name; what the package chooses by host is in src/ as everything else
  alias: {
    "tensorone/node": source("node"),
    tensorone: source("index"),
    "#pictures": source("data/codecs/read-picture"),
    "#turbo": source("backends/wasm/turbo"),
  },
  setupFiles: "test/setup.ts",
  testTimeout: 300_000,
  hookTimeout: 240_000,
  pool: "forks",
} as const;

/** Minutes of work, or what npm cannot bring: Chromium, PyTorch, Open MPI, a driver for WebGPU. */
export const slowTests: readonly string[] = [
  "test/bench/{flip-bits,measure,soak-runs}.test.ts",
  "test/browser/**/*.test.ts",
  "test/cli/{augmentation,bad-input,commands,config,convert,families}.test.ts",
  "test/cli/{finetune,hostile-names,looking,non-finite,odd-pictures,own-pictures,steered-runs}.test.ts",
  "test/data/damaged-all.test.ts",
  "test/docs/tutorial.test.ts",
  "test/distributed/{faults,hosts,wire}.test.ts",
  "test/e2e/{distributed,resume,saved-first,versions}.test.ts",
  "test/examples/**/*.test.ts",
  "test/gpu/**/*.test.ts",
  "test/io/{bombs,onnx-export,tensorboard-protoc,torch-round-trip}.test.ts",
  "test/models/families-golden.test.ts",
  "test/models/quantize/files.test.ts",
  "test/onnx-cases/**/*.test.ts",
  "test/report/states.test.ts",
  "test/serve/{process,threads}.test.ts",
  "test/site/site.test.ts",
  "test/torch-cases/torch-cases.test.ts",
  "test/train/recipe-schema.test.ts",
  "test/studio/{worker,screens-end-to-end}.test.ts",
  "test/studio-exports/**/*.test.ts",
  "test/studio-ui/**/*.test.ts",
  "test/studio-watch/watch.test.ts",
  "test/tensor/loops.test.ts",
  "test/train/{accumulated,augmented,best}-runs.test.ts",
  "test/train/{changed-data,phases,short-run}.test.ts",
  "test/wasm/turbo.test.ts",
];
