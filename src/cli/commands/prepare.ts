/** `prepare`: packs an image folder into tar shards, which the same commands then read in its place. */
import { resolve } from "node:path";
import { loadDecoder } from "../../data/codecs/decoder.js";
import { prepareShards } from "../../data/prepare.js";
import { PACK_QUALITY, type PackFormat, packFormats } from "../../data/sets/shards/pack.js";
import { UsageError } from "../../util/errors.js";
import { formatBytes, formatInteger } from "../../util/format.js";
import { progressBar } from "../../util/terminal.js";
import { defineCommand } from "../command.js";
import { choice, integer, textOrTexts } from "../options.js";
import { shownData, shownPath } from "../paths.js";
import { allWorkersOption, commonOptions, decoderOption, valFractionOf, valFractionOption } from "../shared-options.js";

const BAR_WIDTH = 24;
/** About a gigabyte of ImageNet's files, as WebDataset advises. */
const DEFAULT_SHARD_IMAGES = 8192;

export const preparation = defineCommand({
  name: "prepare",
  summary: "Packs a data set into WebDataset tar shards, resized where asked; train and eval read them as --data",
  positionals: { names: ["DATA", "OUT"] },
  options: {
    data: textOrTexts({ help: "further data sets to join with DATA, classes by name", placeholder: "DIR" }),
    valFraction: valFractionOption,
    shortSide: integer({
      help: "resize larger pictures to N pixels of the shorter side, e.g. 256; crops then come from fewer pixels",
      max: 4096,
    }),
    format: choice<PackFormat>(packFormats, {
      help: `of resized pictures; jpeg has quality ${PACK_QUALITY}, png keeps every pixel at about five times the size`,
      default: "jpeg",
    }),
    shardImages: integer({ help: "pictures of one shard", default: DEFAULT_SHARD_IMAGES }),
    workers: allWorkersOption,
    decoder: decoderOption,
    ...commonOptions,
  },
  examples: [
    "prepare path/to/imagenet shards",
    "prepare path/to/imagenet shards-256 --short-side 256",
    "prepare my-pictures shards --data more.csv --val-fraction 0.1",
  ],
  async run(values, words, { terminal, caller }) {
    const [first = "", out = ""] = words;
    const data = values.data === undefined ? first : [first, ...[values.data].flat()];
    const own = [data].flat().find((one) => resolve(one) === resolve(out));
    if (own !== undefined)
      throw new UsageError(`prepare: ${own} is both DATA and OUT, expected two folders`, "choose another name");
    const { shortSide, format, shardImages, workers } = values;
    const { name: decoder } = await loadDecoder(values.decoder);
    const made =
      shortSide === undefined ? "the files as they are" : `short side ${shortSide}, ${format}, decoder ${decoder}`;
    terminal.print(`${shownData(data)} -> ${shownPath(out)}: ${made}`);
    const { index, notices, shardsKept, shardsMade } = await prepareShards({
      data,
      ...valFractionOf(values),
      out,
      shardImages,
      format,
      decoder,
      workers,
      ...(shortSide !== undefined && { shortSide }),
      onProgress: ({ split, done, total }) =>
        terminal.update(`${split}  ${progressBar(done / total, BAR_WIDTH)}  ${done}/${total}`),
    });
    terminal.clear();
    for (const line of notices) terminal.print(line);
    const splits = Object.fromEntries(
      Object.entries(index.splits).map(([split, shards]) => {
        const images = shards.reduce((sum, shard) => sum + shard.samples, 0);
        const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
        terminal.print(`${split}: ${formatInteger(images)} pictures in ${shards.length} shards, ${formatBytes(bytes)}`);
        return [split, { images, bytes, shards: shards.length }];
      }),
    );
    if (shardsKept > 0) terminal.print(`${shardsKept} shards were there already, ${shardsMade} are new`);
    terminal.print(`try next: ${caller} train --data ${shownPath(out)}`);
    return {
      json: { data, out, classes: index.classes.length, resized: index.resized, splits, shardsKept, shardsMade },
    };
  },
});
