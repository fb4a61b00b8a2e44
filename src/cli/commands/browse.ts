/** `browse`: pictures of the train pipeline on one sheet, as training with the same options would see them. */
import { encode } from "fast-png";
import { loadDecoder } from "../../data/codecs/decoder.js";
import { createImage, type Image } from "../../data/codecs/image.js";
import { MersenneTwister, sampleSeed } from "../../data/random.js";
import { EpochSampler } from "../../data/reading/sampler.js";
import { type Dataset, namesWithin, openDataset } from "../../data/sets/dataset.js";
import { PictureFiles, sourceName } from "../../data/sets/picture-source.js";
import { applyTransform } from "../../data/transforms/index.js";
import { type Drawn, traceTransform } from "../../data/transforms/trace.js";
import { contactSheet, fitted } from "../../figures/contact-sheet.js";
import { listModels, type ModelName } from "../../models/index.js";
import { describePictures } from "../../train/recipes/describe-augmentation.js";
import { trainPhase, trainPipeline } from "../../train/recipes/pipeline.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { DataError } from "../../util/errors.js";
import { formatInteger } from "../../util/format.js";
import { defineCommand } from "../command.js";
import { choice, flag, integer, text, textOrTexts } from "../options.js";
import { checkOutput, demoData, shownPath } from "../paths.js";
import {
  commonOptions,
  configOptions,
  DATA_HELP,
  decoderLabel,
  decoderOption,
  recipeOption,
  valFractionOf,
  valFractionOption,
} from "../shared-options.js";
import { pictureOptions } from "../train/augmentation-options.js";
import { configOf, recipeOf, withRun } from "../train/recipe-request.js";

/** Width the sheet tries to keep to. */
const SHEET_WIDTH = 1600;

/** One picture in one epoch. */
interface View {
  readonly epoch: number;
  /** Place in that epoch's order, over all replicas. */
  readonly position: number;
  readonly seed: number;
}

export const browse = defineCommand({
  name: "browse",
  summary: "Writes a sheet of pictures beside what the train pipeline makes of them",
  options: {
    data: textOrTexts({ help: `${DATA_HELP}; default: the bundled demo set`, placeholder: "DIR" }),
    valFraction: valFractionOption,
    out: text({ help: "the sheet", placeholder: "FILE.png", default: "browse.png" }),
    model: choice<ModelName>(listModels(), { help: "whose recipe", default: "mobileone_s0" }),
    recipe: recipeOption,
    ...configOptions,
    epoch: integer({ help: "0-based epoch of the run", min: 0, default: 0 }),
    epochs: integer({ help: "length of the run; default: the recipe's" }),
    count: integer({ help: "pictures, the first of that epoch", default: 24, max: 4096 }),
    variants: integer({ help: "epochs from that one on to show each picture in", default: 3, max: 64 }),
    imageSize: integer({ help: "side of the pictures; default: the recipe's", max: 4096 }),
    seed: integer({ help: "of the run", min: 0, max: 2 ** 32 - 1, default: 0 }),
    ...pictureOptions,
    decoder: decoderOption,
    force: flag({ help: "replace FILE.png if it exists" }),
    ...commonOptions,
  },
  examples: [
    "browse --data path/to/imagenet --model mobileone_s2 --epoch 120 --out s2.png",
    "browse --data my-pictures --data more.csv --val-fraction 0.1 --out mine.png",
    "browse --out demo.png --count 12 --variants 5",
    "browse --out demo.png --auto-augment imagenet --color-jitter 0.4 --random-erasing 0.25 --random-erasing-mode rand",
    "browse --config my.json --data my-pictures --set images.randAugmentLevel=7",
  ],
  async run(line, _, { terminal }, onLine) {
    const config = await configOf(line);
    const { values, given } = withRun(line, onLine, config?.run);
    const { data = demoData, out, epoch, variants, seed } = values;
    checkOutput("browse", "", out, values.force);
    const isDemo = values.data === undefined;
    const { recipe, changed } = await recipeOf(values, given, { config, isDemo });
    const dataset = openDataset(data, "train", valFractionOf(values));
    const nameOf = namesWithin(dataset);
    const decoder = await loadDecoder(values.decoder);
    const files = new PictureFiles();
    const tile = Math.max(...Array.from({ length: variants }, (_, i) => trainPhase(recipe, epoch + i).trainSize));
    const tiles: Image[] = [];
    const pictures = [];
    try {
      for (const { index, views } of viewsOf(dataset, {
        ...values,
        seed,
        balanced: recipe.sampling?.balanced ?? false,
      })) {
        const sample = dataset.samples[index]!;
        const image = await decoder.decode(files.bytesOf(sample), sourceName(sample));
        tiles.push(fitted(image, tile));
        const seen: (View & Drawn)[] = [];
        for (const view of views) {
          const pipeline = trainPipeline(recipe, view.epoch);
          const trace = traceTransform(pipeline, image.height, image.width, new MersenneTwister(view.seed));
          // a pipeline may work in place
          const copy = createImage(image.width, image.height, image.data.slice());
          tiles.push(applyTransform(pipeline, copy, new MersenneTwister(view.seed)));
          seen.push({ ...view, ...trace });
        }
        for (let missing = views.length; missing < variants; missing++) tiles.push(createImage(tile, tile));
        const path = nameOf(sample);
        pictures.push({ path, class: dataset.classes[sample.label], label: sample.label, views: seen });
      }
    } finally {
      files.close();
    }
    const groupSize = variants + 1;
    const groupsPerRow = Math.max(1, Math.floor(SHEET_WIDTH / (groupSize * tile)));
    const captions = pictures.map((one) => [one.class ?? String(one.label)]);
    const sheet = contactSheet(tiles, { tile, groupSize, groupsPerRow, captions });
    await writeFileAtomic(out, encode({ ...sheet, depth: 8 }));
    const { trainSize } = trainPhase(recipe, epoch);
    terminal.print(
      `recipe ${recipe.name}, epoch ${epoch}: ${trainSize}x${trainSize}, ${describePictures(recipe, epoch)}  ${decoderLabel(decoder.name, 0)}`,
    );
    for (const one of changed) terminal.print(`changed: ${one}`);
    if (recipe.batchAugments) terminal.print("batches are mixed after this: the sheet shows what goes into them");
    terminal.print(
      `wrote ${shownPath(out)}  ${sheet.width}x${sheet.height}: ${pictures.length} of ${formatInteger(dataset.length)} pictures, each as it is and in ${variants} epoch${variants > 1 ? "s" : ""}`,
    );
    const { width, height } = sheet;
    return {
      json: {
        recipe: recipe.name,
        changed,
        data,
        decoder: decoder.name,
        out,
        width,
        height,
        tile,
        epoch,
        variants,
        seed,
        pictures,
      },
    };
  },
});

interface ViewOptions {
  readonly epoch: number;
  readonly count: number;
  readonly variants: number;
  readonly seed: number;
  /** Whether epochs are balanced, where a picture may be missing in some, or come more than once. */
  readonly balanced: boolean;
}

/** The first pictures of an epoch, each with its places and seeds in that epoch and the ones after. */
function viewsOf(dataset: Dataset, options: ViewOptions): { index: number; views: View[] }[] {
  const { epoch, count, variants, seed, balanced } = options;
  if (dataset.length === 0) throw new DataError("browse: the data set has no pictures, expected at least one");
  const sampler = new EpochSampler({
    length: dataset.length,
    seed,
    shuffle: true,
    ...(balanced && { balanced: dataset.samples.map(({ label }) => label) }),
  });
  const first = new Set(sampler.order(epoch).slice(0, count));
  const views = Array.from(first, (index) => ({ index, views: [] as View[] }));
  for (let at = epoch; at < epoch + variants; at++) {
    const places = new Map(Array.from(sampler.order(at), (index, position) => [index, position]));
    for (const one of views) {
      const position = places.get(one.index);
      if (position === undefined) continue;
      one.views.push({ epoch: at, position, seed: sampleSeed(seed, at, position) });
    }
  }
  return views;
}
