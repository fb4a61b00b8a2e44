/**
 * The engine of this package: models from files, in deploy form, each batch one recorded program. Training forms are folded when they
 * are read, and their certificates are told. The same logits as those of predict, bit for bit, whatever shares the batch.
 */
import { installAutograd, noGrad } from "../autograd/tape.js";
import { backendNames, setBackend } from "../backends/backend.js";
import "../chapters/index.js"; // models use ops of several
import { type Compiled, compile } from "../compile/compile.js";
import { normalizeInto } from "../data/transforms/normalize.js";
import type { Classifier } from "../models/index.js";
import "../ops/methods.js"; // gives tensors their methods
import { tensor } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { namesInWords } from "../train/checkpoints/class-names.js";
import { foldAt } from "../train/checkpoints/fold-model.js";
import { loadModel } from "../train/checkpoints/run-weights.js";
import { imageSizes } from "../train/recipes/image-sizes.js";
import { expectUsable } from "../train/steps/finite.js";
import { UsageError } from "../util/errors.js";
import type { EngineModel, EngineOptions, OpenEngine } from "./engine.js";
import type { Square } from "./squares.js";

installAutograd();

const CHANNELS = 3;

/** A model with what runs its batches. */
interface Served {
  readonly facts: EngineModel;
  readonly forward: Compiled<[Tensor], Tensor>;
  /** Of a whole batch; a smaller one takes its beginning. */
  readonly input: Float32Array;
}

async function startBackend({ backend, threads, turbo }: EngineOptions): Promise<string> {
  const name = backendNames.find((known) => known === backend);
  if (name === undefined) throw new UsageError(`serve: backend ${backend}, expected one of ${backendNames.join(", ")}`);
  const started = await setBackend(name, { turbo: turbo ?? "auto", ...(threads !== undefined && { threads }) });
  const width = "threads" in started && typeof started.threads === "number" ? ` x${started.threads}` : "";
  return `${started.name}${width}${"turbo" in started && started.turbo === true ? " turbo" : ""}`;
}

async function open(
  { name, path }: EngineOptions["models"][number],
  { weights, imageSize: asked, batchSize }: EngineOptions,
): Promise<Served> {
  const loaded = await loadModel(path, { weights });
  const { info } = loaded;
  const where = `serve: ${name}`;
  if (loaded.model.inChannels !== CHANNELS)
    throw new UsageError(`${where}: takes images of ${loaded.model.inChannels} channels, expected ${CHANNELS}`);
  const { imageSize, resizeSize } = imageSizes(info.model, info.images, asked);
  const folded = loaded.model.isDeployed ? null : await foldAt(loaded.model, imageSize);
  const model: Classifier = folded?.model ?? loaded.model;
  await expectUsable(where, model);
  model.eval();
  return {
    facts: {
      ...{ name, path: loaded.path, model: info.model, numClasses: info.numClasses, imageSize, resizeSize },
      classes: namesInWords(loaded.classes, info.numClasses),
      certificate: folded?.certificate ?? null,
    },
    // a program for every size of batch
    forward: compile((images: Tensor) => noGrad(() => scope(() => model.forward(images))), { recordings: batchSize }),
    input: new Float32Array(batchSize * imageSize * imageSize * CHANNELS),
  };
}

async function infer(
  { facts, forward, input }: Served,
  squares: readonly Square[],
): Promise<Float32Array<ArrayBuffer>> {
  const { imageSize: side } = facts;
  const size = side * side * CHANNELS;
  for (const [i, square] of squares.entries()) {
    const into = input.subarray(i * size, (i + 1) * size);
    if (square instanceof Uint8Array) normalizeInto(square, into);
    else into.set(square);
  }
  const shown = input.subarray(0, squares.length * size);
  const logits = await scope(() => forward(tensor(shown, [squares.length, side, side, CHANNELS])).data());
  return Float32Array.from(logits as Float32Array);
}

/** Starts the backend and reads every model. Throws the errors of files, and UsageError for a backend that is none. */
export async function openEngine(options: EngineOptions): Promise<OpenEngine> {
  const label = await startBackend(options);
  const served: Served[] = [];
  for (const one of options.models) served.push(await open(one, options));
  return {
    label,
    models: served.map(({ facts }) => facts),
    infer: (model, squares) => infer(served[model]!, squares),
  };
}
