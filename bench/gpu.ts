/**
 * `bench --backend gpu`: what the gpu backend does on whatever device answers. Host time per op, matrix products, S0's
 * training step by batch size with a profile, deploy inference. On a software device everything is small.
 */
import { join } from "node:path";
import { withBackend } from "../src/backends/backend.js";
import { createGpuBackend } from "../src/backends/gpu/gpu-backend.js";
import { measureEnqueue } from "./gpu/enqueue.js";
import { type GpuResults, linesOf, pageOf } from "./gpu/page.js";
import { measureProducts } from "./gpu/products.js";
import { measureSteps } from "./gpu/steps.js";
import { afterwards, describeMachine, machineLine } from "./measure/machine.js";
import { resultsFolder } from "./paths.js";
import { writeIndex, writePage } from "./report/results.js";

const onHardware = { batches: [32, 64, 128, 256, 512, 1024], deployBatches: [1, 32, 256], imageSize: 224, samples: 20 };
const onSoftware = { batches: [2, 4, 8], deployBatches: [1, 8], imageSize: 32, samples: 5 };
const ENQUEUE_SAMPLES = 20;

type Tell = (line: string) => void;

export interface GpuBenchOptions {
  readonly isQuick: boolean;
  readonly isJson: boolean;
  /** Name to save under. */
  readonly save: string | undefined;
  readonly imageSize: number | undefined;
  /** Of training steps; where there is none, what suits the device. */
  readonly batches: readonly number[];
}

/** Throws BackendError where no device answers. */
export async function measureGpu(options: GpuBenchOptions, tell: Tell): Promise<void> {
  const { isQuick, isJson, save } = options;
  const machine = describeMachine();
  const backend = await createGpuBackend();
  const { label } = backend;
  const isSoftware = backend.device!.isSoftware;
  tell(`${machineLine(machine)}\n${label}`);
  let results: GpuResults = { machine, label, isSoftware, enqueue: [], products: [], rows: [], profile: null };
  // after every row: what comes next may take the process with it
  const keep = (found: Partial<GpuResults>): void => {
    results = { ...results, ...found };
    if (save !== undefined) writePage(save, results, pageOf(results));
  };
  await withBackend(backend, async () => {
    keep({ enqueue: await measureEnqueue(backend, isQuick ? 5 : ENQUEUE_SAMPLES) });
    await measureProducts(isSoftware, isQuick, tell, (row) => keep({ products: [...results.products, row] }));
  });
  await backend.dispose();
  const usual = isSoftware ? onSoftware : onHardware;
  await measureSteps(
    {
      batches: options.batches.length > 0 ? options.batches : usual.batches,
      deployBatches: usual.deployBatches,
      imageSize: options.imageSize ?? usual.imageSize,
      samples: isQuick ? 2 : usual.samples,
    },
    tell,
    keep,
  );
  keep({ machine: afterwards(machine) });
  for (const line of linesOf(results)) tell(line);
  if (save !== undefined) {
    writeIndex(resultsFolder);
    tell(`\nsaved ${join(resultsFolder, save)}.json and .md`);
  }
  if (isJson) process.stdout.write(`${JSON.stringify(results)}\n`);
}
