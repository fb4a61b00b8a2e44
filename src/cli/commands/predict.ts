/** `predict`: the classes a model sees in pictures, with its scores. */
import { statSync } from "node:fs";
import { noGrad } from "../../autograd/tape.js";
import { loadDecoder } from "../../data/codecs/decoder.js";
import { SampleReader } from "../../data/reading/sample-reader.js";
import { evalTransform } from "../../data/transforms/index.js";
import { normalizeInto } from "../../data/transforms/normalize.js";
import { softmax } from "../../ops/functional/index.js";
import { tensor } from "../../tensor/create.js";
import { scope } from "../../tensor/scope.js";
import { namesInWords } from "../../train/checkpoints/class-names.js";
import { loadModel } from "../../train/checkpoints/run-weights.js";
import { likeliest } from "../../train/metrics/classification.js";
import { imageSizes } from "../../train/recipes/image-sizes.js";
import { expectUsable, problemOfLogits } from "../../train/steps/finite.js";
import { DataError } from "../../util/errors.js";
import { formatPercent, formatTable } from "../../util/format.js";
import { progressBar, type Terminal } from "../../util/terminal.js";
import { defineCommand } from "../command.js";
import { localWeights } from "../local-weights.js";
import { integer } from "../options.js";
import { shownPath } from "../paths.js";
import {
  checkpointOption,
  commonOptions,
  computeOptions,
  decoderLabel,
  decoderOption,
  required,
  startBackend,
  weightsOption,
} from "../shared-options.js";

/** Pictures that go through the model together. */
const BATCH_SIZE = 32;
const BAR_WIDTH = 20;

interface Guess {
  readonly index: number;
  readonly name: string;
  /** 0 to 1. */
  readonly score: number;
}

export const predict = defineCommand({
  name: "predict",
  summary: "Names what is in pictures, with scores",
  positionals: { names: ["IMAGE"], isRepeated: true },
  options: {
    checkpoint: checkpointOption,
    weights: weightsOption,
    top: integer({ help: "classes to show for each picture", default: 5 }),
    imageSize: integer({ help: "side of the pictures; default: what the model was trained for", max: 4096 }),
    decoder: decoderOption,
    ...computeOptions,
    ...commonOptions,
  },
  examples: ["predict --checkpoint runs/s0/model-deploy.safetensors cat.jpg dog.png"],
  async run(values, images, { terminal, aside }) {
    const { top } = values;
    const checkpoint = required("predict: --checkpoint", values.checkpoint, "FILE");
    for (const image of images) checkPicture(image);
    const { name: decoder } = await loadDecoder(values.decoder);
    const backend = await startBackend(values);
    const { model, classes, info } = await loadModel(await localWeights(checkpoint, aside), values.weights);
    const names = namesInWords(classes, info.numClasses);
    await expectUsable(`predict: ${checkpoint}`, model);
    const sizes = imageSizes(info.model, info.images, values.imageSize);
    const side = sizes.imageSize;
    const reader = new SampleReader({ decoder });
    const guesses: Guess[][] = [];
    for (let first = 0; first < images.length; first += BATCH_SIZE) {
      const part = images.slice(first, first + BATCH_SIZE);
      const pixels = await readPictures(reader, part, sizes);
      const logits = noGrad(() => scope(() => model.forward(tensor(pixels, [part.length, side, side, 3]))));
      const scores = noGrad(() => softmax(logits));
      const [answer, shares] = await Promise.all([logits.data(), scores.data()]);
      for (const one of [logits, scores]) one.dispose();
      const problem = problemOfLogits("predict", answer, part.length, (i) => part[i]!);
      if (problem) throw problem;
      for (let i = 0; i < part.length; i++) {
        const row = shares.subarray(i * info.numClasses, (i + 1) * info.numClasses);
        guesses.push(likeliest(row, names, top).map(({ index, label, score }) => ({ index, name: label, score })));
      }
    }
    aside.print(`${info.model}  ${info.form} form  backend ${backend}  ${decoderLabel(decoder, 0)}`);
    images.forEach((image, i) => {
      show(terminal, image, guesses[i]!);
    });
    const json = images.map((image, i) => ({ image, classes: guesses[i]! }));
    return { json: { checkpoint, model: info.model, form: info.form, decoder, images: json } };
  },
});

function checkPicture(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new DataError(`predict: no file ${path}, expected a picture`, "JPEG and PNG are read");
  if (!found.isFile())
    throw new DataError(`predict: ${path} is a folder, expected a picture`, `${path}/*.jpg names all`);
}

/** Pictures decoded, cut and normalised: [count, side, side, 3]. */
async function readPictures(
  reader: SampleReader,
  paths: readonly string[],
  sizes: { readonly imageSize: number; readonly resizeSize: number },
): Promise<Float32Array> {
  const bytes = new Uint8Array(paths.length * sizes.imageSize ** 2 * 3);
  const sources = paths.map((path) => ({ path }));
  await reader.read({ sources, seeds: paths.map(() => 0), transform: evalTransform(sizes), into: bytes });
  return normalizeInto(bytes, new Float32Array(bytes.length));
}

/** Bars for people, one line a class for programs: path, score, class. */
function show(terminal: Terminal, image: string, guesses: readonly Guess[]): void {
  if (!terminal.isLive) {
    for (const { name, score } of guesses) terminal.print(`${image}\t${score.toFixed(4)}\t${name}`);
    return;
  }
  terminal.print(terminal.paint("bold", shownPath(image)));
  const rows = guesses.map(({ name, score }) => [
    `  ${name}`,
    formatPercent(100 * score),
    progressBar(score, BAR_WIDTH),
  ]);
  for (const line of formatTable(rows, [false, true, false])) terminal.print(line);
}
