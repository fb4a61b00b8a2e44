/**
 * `bench --backend gpu`: what the gpu backend does on whatever device answers. Host time per op, matrix products, S0's
 * training step by batch size with a profile, deploy inference. On a software device everything is small.
 */
import { join } from "node:path";
import { withBackend } from "../src/backends/backend.js";
import { createGpuBackend } from "../src/backends/gpu/gpu-backend.js";
import { printJson } from "../src/cli/report.js";
import { measureEnqueue } from "./gpu/enqueue.js";
import { type GpuResults, linesOf, pageOf } from "./gpu/page.js";
import { measureProducts } from "./gpu/products.js";
import { measureSteps } from "./gpu/steps.js";
import { afterwards, describeMachine, machineLine } from "./machine.js";
import type { BenchOptions } from "./options.js";
import { resultsFolder } from "./paths.js";
import { rounded, writeIndex, writeWhole } from "./results.js";

const onHardware = { batches: [32, 64, 128, 256, 512, 1024], deployBatches: [1, 32, 256], imageSize: 224, samples: 20 };
const onSoftware = { batches: [2, 4, 8], deployBatches: [1, 8], imageSize: 32, samples: 5 };
const ENQUEUE_SAMPLES = 20;

type Tell = (line: string) => void;

/** Throws BackendError where no device answers. */
export async function measureGpu(options: BenchOptions, tell: Tell): Promise<void> {
  const { isQuick, isJson, save } = options;
  const machine = describeMachine();
  const backend = await createGpuBackend();
  const { label } = backend;
  const isSoftware = backend.device!.isSoftware;
  tell(`${machineLine(machine)}\n${label}`);
  const { enqueue, products } = await withBackend(backend, async () => ({
    enqueue: await measureEnqueue(backend, isQuick ? 5 : ENQUEUE_SAMPLES),
    products: await measureProducts(isSoftware, isQuick, tell),
  }));
  await backend.dispose();
  const usual = isSoftware ? onSoftware : onHardware;
  const steps = await measureSteps(
    {
      batches: options.batches.length > 0 ? options.batches : usual.batches,
      deployBatches: usual.deployBatches,
      imageSize: options.imageSize ?? usual.imageSize,
      samples: isQuick ? 2 : usual.samples,
    },
    tell,
  );
  const results: GpuResults = { machine: afterwards(machine), label, isSoftware, enqueue, products, ...steps };
  for (const line of linesOf(results)) tell(line);
  if (save !== undefined) {
    writeWhole(join(resultsFolder, `${save}.json`), `${JSON.stringify(results, rounded, 1)}\n`);
    writeWhole(join(resultsFolder, `${save}.md`), pageOf(results));
    writeIndex(resultsFolder);
    tell(`\nsaved ${join(resultsFolder, save)}.json and .md`);
  }
  if (isJson) printJson(results);
}
