/**
 * The process that trains for long, by the built package with every logger of the command line. Epochs hold two checkpoints, one within
 * and one at the end, so that both kinds come and go.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  changeRecipe,
  encodePng,
  type Logger,
  models,
  publishedRecipe,
  RecipeFileLogger,
  setBackend,
  TensorBoardLogger,
  train,
} from "tensorone/node";
import { repositoryRoot } from "../paths.js";
import { drawer } from "./damage-pictures.js";
import type { TrainingOrder, TrainingReport } from "./endurance-training.js";
import { tiny } from "./tiny.js";

const SIDE = 32;
const BATCH = 2;
/** Pictures of training for one of validation. */
const TRAINING_OF = 40;
/** A process that is being ended writes its checkpoint alone; so does a run whose time is over. */
const TIME_IS_OVER = 2;

const { steps, saveEvery, pictures, lookEvery, ms, folder } = JSON.parse(process.argv[2]!) as TrainingOrder;
const end = performance.now() + ms;
(models.variants as Record<string, unknown>).mobileone_tiny = tiny;

/** A bright square somewhere on noise, large or small by its class. */
function picture(label: number, draw: (bound: number) => number): Uint8Array {
  const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, () => draw(96));
  const side = label === 0 ? SIDE / 4 : SIDE / 2;
  const [top, left] = [draw(SIDE - side), draw(SIDE - side)];
  for (let y = top; y < top + side; y++) data.fill(224, 3 * (y * SIDE + left), 3 * (y * SIDE + left + side));
  return encodePng({ width: SIDE, height: SIDE, data, channels: 3 });
}

const draw = drawer(0);
const data = join(folder, "pictures");
for (const [split, count] of [
  ["train", pictures],
  ["val", pictures / TRAINING_OF],
] as const)
  for (const [label, name] of ["small", "large"].entries()) {
    mkdirSync(join(data, split, name), { recursive: true });
    for (let i = 0; i < count / 2; i++) writeFileSync(join(data, split, name, `${i}.png`), picture(label, draw));
  }

/** A module of the build that the package does not export: what the command line has of its own. */
const built = async <T>(path: string): Promise<T> =>
  (await import(pathToFileURL(join(repositoryRoot, "dist", path)).href)) as T;
const { ConsoleLogger } = await built<typeof import("../../src/train/loggers/console.js")>("train/loggers/console.js");
const { JsonlLogger } = await built<typeof import("../../src/train/loggers/jsonl.js")>("train/loggers/jsonl.js");
const { MachineLogger } = await built<typeof import("../../src/train/loggers/machine.js")>("train/loggers/machine.js");
const { Terminal } = await built<typeof import("../../src/util/terminal.js")>("util/terminal.js");

const over = new AbortController();
const rss: [number, number][] = [];
let [done, checkpoints, validations] = [0, 0, 0];
const look: Logger = {
  onStep({ step }) {
    done = step;
    if (performance.now() >= end && !over.signal.aborted) over.abort(TIME_IS_OVER);
    if (step % lookEvery !== 0) return;
    globalThis.gc?.();
    rss.push([step, process.memoryUsage.rss()]);
  },
  onCheckpoint() {
    checkpoints++;
  },
  onValidation() {
    validations++;
  },
};

await setBackend("wasm", { threads: 1 });
const epochs = Math.ceil(steps / (pictures / BATCH));
const recipe = changeRecipe(publishedRecipe("mobileone_tiny"), {
  epochs,
  batchSize: BATCH,
  imageSize: SIDE,
  lr: 0.001,
});
await train({
  ...{ recipe, data, out: join(folder, "run"), seed: 0, workers: 0, maxSteps: steps, saveEvery, backendLabel: "wasm" },
  signal: over.signal,
  loggers: [
    new ConsoleLogger(new Terminal({ write: () => true }, {})),
    new JsonlLogger(),
    new RecipeFileLogger(),
    new MachineLogger(),
    new TensorBoardLogger(),
    look,
  ],
});
process.send?.({ done, checkpoints, validations, rss } satisfies TrainingReport, () => process.exit(0));
