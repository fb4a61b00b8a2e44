/** `predict`: the classes a model sees in pictures, with its scores. */
import { statSync } from "node:fs";
import { noGrad } from "../../autograd/tape.js";
import { normalizeInto } from "../../data/normalize.js";
import { SampleReader } from "../../data/sample-reader.js";
import { evalTransform } from "../../data/transforms/index.js";
import { softmax } from "../../ops/functional.js";
import { tensor } from "../../tensor/create.js";
import { scope } from "../../tensor/scope.js";
import { loadModelFile } from "../../train/model-file.js";
import { DataError } from "../../util/errors.js";
import { formatPercent, formatTable } from "../../util/format.js";
import { progressBar, type Terminal } from "../../util/terminal.js";
import { defineCommand } from "../command.js";
import { imageSizes } from "../image-sizes.js";
import { integer, text } from "../options.js";
import { shownPath } from "../paths.js";
import { commonOptions, computeOptions, required, startBackend } from "../shared-options.js";

/** Pictures that go through the model together. */
const batchSize = 32;
const barWidth = 20;

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
    checkpoint: text({ help: "model or checkpoint file, .safetensors", placeholder: "FILE" }),
    top: integer({ help: "classes to show for each picture", default: 5 }),
    imageSize: integer({ help: "side of the pictures; default: what the model was trained for", max: 4096 }),
    ...computeOptions,
    ...commonOptions,
  },
  examples: ["predict --checkpoint runs/s0/model-deploy.safetensors cat.jpg dog.png"],
  async run(values, images, { terminal }) {
    const checkpoint = required("predict: --checkpoint", values.checkpoint, "FILE");
    for (const image of images) checkPicture(image);
    await startBackend(values);
    const { model, classes, info } = await loadModelFile(checkpoint);
    const sizes = imageSizes(info.images, values.imageSize);
    const pixels = readPictures(images, sizes);
    const scores: Float32Array[] = [];
    for (let first = 0; first < images.length; first += batchSize) {
      const part = pixels.slice(first, first + batchSize);
      const batch = Float32Array.from(part.flatMap((picture) => [...picture]));
      const y = noGrad(() =>
        scope(() => softmax(model.forward(tensor(batch, [part.length, sizes.imageSize, sizes.imageSize, 3])))),
      );
      const values = await y.data();
      for (let i = 0; i < part.length; i++)
        scores.push(Float32Array.from(values.subarray(i * info.numClasses, (i + 1) * info.numClasses)));
      y.dispose();
    }
    const guesses = scores.map((row) => best(row, classes, values.top));
    images.forEach((image, i) => {
      show(terminal, image, guesses[i]!);
    });
    const json = images.map((image, i) => ({ image, classes: guesses[i]! }));
    return { json: { checkpoint, model: info.model, form: info.form, images: json } };
  },
});

function checkPicture(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new DataError(`predict: no file ${path}, expected a picture`, "JPEG and PNG are read");
  if (!found.isFile())
    throw new DataError(`predict: ${path} is a folder, expected a picture`, `${path}/*.jpg names all`);
}

/** Every picture decoded, cut and normalised, before the model runs: [side, side, 3] each. */
function readPictures(
  paths: readonly string[],
  sizes: { readonly imageSize: number; readonly resizeSize: number },
): Float32Array[] {
  const reader = new SampleReader({ transform: evalTransform(sizes), applyOrientation: true });
  return paths.map((path) => {
    const into = new Uint8Array(sizes.imageSize ** 2 * 3);
    reader.read({ paths: [path], seeds: [0], into });
    return normalizeInto(into, new Float32Array(into.length));
  });
}

function best(scores: Float32Array, classes: readonly string[] | null, top: number): Guess[] {
  return Array.from(scores, (score, index) => ({ index, name: classes?.[index] ?? String(index), score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, top);
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
    progressBar(score, barWidth),
  ]);
  for (const line of formatTable(rows, [false, true, false])) terminal.print(line);
}
