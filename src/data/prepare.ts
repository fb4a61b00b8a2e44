/**
 * Making tar shards of an image folder, in WebDataset's layout: `key.jpg` and `key.cls` for a sample, in the folder's order.
 * Every file appears whole or not at all; a run that was stopped goes on after its last shard. Node only.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, sep } from "node:path";
import { writeFileAtomic } from "../util/atomic-file.js";
import { DataError } from "../util/errors.js";
import { hashFile } from "../util/file-hash.js";
import { fileStatus } from "../util/file-status.js";
import { lookAhead } from "../util/look-ahead.js";
import { type DecoderName, loadDecoder } from "./codecs/decoder.js";
import { openTaskPool } from "./reading/decode-pool.js";
import type { TaskPool } from "./reading/tasks.js";
import { type DataSource, type Dataset, namesWithin, openDataset } from "./sets/dataset.js";
import { validationNames } from "./sets/layouts.js";
import type { Sample } from "./sets/sample.js";

import {
  readShardIndex,
  SET_INDEX_NAME,
  type SetIndex,
  type ShardEntry,
  type ShardIndex,
  shardFile,
  shardIndexFile,
  writeSetIndex,
  writeShardIndex,
} from "./sets/shards/index-file.js";
import { PACK_QUALITY, type PackedPicture, type PackFormat } from "./sets/shards/pack.js";
import { BLOCK_BYTES, tarEnd, tarEntry } from "./sets/shards/tar.js";
import { StretchHashes } from "./sets/shards/tar-stretches.js";

/** What prepareShards() reads, and how it writes. */
export interface PrepareOptions {
  /** A data set in any form that openDataset takes, or several. */
  readonly data: DataSource;
  /** As in openDataset. */
  readonly valFraction?: number;
  /** Folder for the shards; made where missing. */
  readonly out: string;
  /** Pictures of one shard. */
  readonly shardImages: number;
  /** Resize larger pictures to this many pixels of the shorter side. */
  readonly shortSide?: number;
  readonly format: PackFormat;
  /** Of pictures to be resized. Default as in ReaderOptions. */
  readonly decoder?: DecoderName;
  readonly workers: number;
  readonly onProgress?: (progress: PrepareProgress) => void;
}

export interface PrepareProgress {
  readonly split: string;
  readonly done: number;
  readonly total: number;
}

export interface PrepareResult {
  readonly index: SetIndex;
  /** What is worth a line about the data. */
  readonly notices: readonly string[];
  /** Shards that an earlier run had finished. */
  readonly shardsKept: number;
  readonly shardsMade: number;
}

/** Pictures of one task. */
const SLICE_SIZE = 16;
/** Slices in work for each thread: enough to keep it busy, few enough to hold in memory. */
const SLICES_PER_THREAD = 2;

/**
 * Writes the shards of train and val and their index. Throws DataError for a picture that cannot be read, or an `out` in use.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * await prepareShards({ data: "imagenet", out: "shards", shardImages: 1000, format: "png", workers: 0 });
 * console.log(openDataset("shards", "train").length); // 4
 * ```
 */
export async function prepareShards(given: PrepareOptions): Promise<PrepareResult> {
  const { data, valFraction, out, workers, shortSide, format } = given;
  // files that stay as they are need no decoder
  const decoder = given.decoder ?? (shortSide === undefined ? "jpeg-js" : (await loadDecoder()).name);
  const options = { ...given, decoder };
  const fraction = valFraction === undefined ? {} : { valFraction };
  const train = openDataset(data, "train", fraction);
  const val = openDataset(data, "val", { ...fraction, numClasses: train.classes.length });
  mkdirSync(out, { recursive: true });
  removeLeftovers(out);
  checkFree(out);
  const pool = openTaskPool(shortSide === undefined ? 0 : workers, { decoder });
  const tally = { shardsKept: 0, shardsMade: 0 };
  try {
    const made: Record<string, ShardEntry[]> = {};
    for (const dataset of [train, val]) made[dataset.split] = await makeSplit(dataset, pool, options, tally);
    const quality = format === "jpeg" ? PACK_QUALITY : null;
    const resized = shortSide === undefined ? null : { shortSide, format, quality, decoder };
    const index: SetIndex = { classes: train.classes, resized, splits: made };
    await writeFileAtomic(join(out, SET_INDEX_NAME), writeSetIndex(index));
    const notices = [...new Set([...(train.notices ?? []), ...(val.notices ?? [])])];
    return { index, notices, ...tally };
  } finally {
    await pool.close();
  }
}

/** Half-written files of a run that was killed. */
function removeLeftovers(out: string): void {
  for (const name of readdirSync(out)) {
    if (/^\.(\w+-\d{6}\.(tar|json)|shards\.json)\.\w+\.tmp$/.test(name)) rmSync(join(out, name));
  }
}

/** Shards in a folder with other files could not be told from them. */
function checkFree(out: string): void {
  const other = readdirSync(out).find((name) => name !== SET_INDEX_NAME && !/^\w+-\d{6}\.(tar|json)$/.test(name));
  if (other === undefined) return;
  throw new DataError(
    `prepare: ${out} holds ${other}, expected an empty folder or unfinished shards`,
    "choose another folder",
  );
}

async function makeSplit(
  dataset: Dataset,
  pool: TaskPool,
  options: PrepareOptions,
  tally: { shardsKept: number; shardsMade: number },
): Promise<ShardEntry[]> {
  const { split, samples, classes } = dataset;
  const { out, shardImages, onProgress } = options;
  const keys = keysOf(dataset);
  const entries: ShardEntry[] = [];
  for (let first = 0; first < samples.length; first += shardImages) {
    const file = shardFile(split, entries.length);
    const part: Part = {
      samples: samples.slice(first, first + shardImages),
      keys: keys.slice(first, first + shardImages),
    };
    const madeFrom = fingerprint(part, options);
    let index = finished(out, file, madeFrom, classes.length);
    if (index !== undefined) tally.shardsKept++;
    else {
      tally.shardsMade++;
      const tell = (done: number) => onProgress?.({ split, done: first + done, total: samples.length });
      index = await makeShard(join(out, file), part, pool, options, { madeFrom, tell });
      await writeFileAtomic(join(out, shardIndexFile(file)), writeShardIndex(index));
    }
    const { bytes, sha256 } = index;
    const indexSha256 = (await hashFile(join(out, shardIndexFile(file)))).digest("hex");
    entries.push({ file, samples: part.samples.length, bytes, ...(sha256 !== undefined && { sha256 }), indexSha256 });
    onProgress?.({ split, done: first + part.samples.length, total: samples.length });
  }
  if (existsSync(join(out, shardFile(split, entries.length)))) throw otherShards(out, shardFile(split, entries.length));
  return entries;
}

/** The samples of one shard. */
interface Part {
  readonly samples: readonly Sample[];
  readonly keys: readonly string[];
}

/** The index of a shard that an earlier run has finished; undefined where there is none. */
function finished(out: string, file: string, madeFrom: string, classCount: number): ShardIndex | undefined {
  const tar = fileStatus(join(out, file));
  const indexPath = join(out, shardIndexFile(file));
  // the index comes after its tar: a tar without one is from a run that was stopped in between
  if (tar === null || !existsSync(indexPath)) return undefined;
  const index = readShardIndex(indexPath, classCount);
  if (index.madeFrom !== madeFrom || index.bytes !== tar.size) throw otherShards(out, file);
  // of a version that wrote no hashes: made anew
  return index.hashes && index;
}

const otherShards = (out: string, file: string): DataError =>
  new DataError(
    `prepare: ${join(out, file)} was made from other pictures or with other options, expected a shard of this data set`,
    "choose another folder, give the options they were begun with, or remove the old shards",
  );

async function makeShard(
  path: string,
  part: Part,
  pool: TaskPool,
  options: PrepareOptions,
  { madeFrom, tell }: { readonly madeFrom: string; readonly tell: (done: number) => void },
): Promise<ShardIndex> {
  const index = { names: [] as string[], offsets: [] as number[], sizes: [] as number[], labels: [] as number[] };
  const hashes = new StretchHashes();
  let bytes = 0;
  async function* pieces(): AsyncIterable<Uint8Array> {
    for await (const picture of packed(part.samples, pool, options)) {
      const i = index.names.length;
      const key = part.keys[i]!;
      const { label } = part.samples[i]!;
      const name = `${key}.${picture.extension}`;
      const image = tarEntry(name, picture.bytes);
      const labelText = tarEntry(`${key}.cls`, new TextEncoder().encode(String(label)));
      index.names.push(name);
      index.offsets.push(bytes + image.dataOffset);
      index.sizes.push(picture.bytes.length);
      index.labels.push(label);
      const dataAt = bytes + image.dataOffset;
      for (const piece of [...image.pieces, ...labelText.pieces]) {
        if (bytes === dataAt - BLOCK_BYTES) hashes.begin();
        hashes.add(piece);
        bytes += piece.length;
        yield piece;
      }
      if (i % SLICE_SIZE === 0) tell(i);
    }
    bytes += tarEnd.length;
    hashes.add(tarEnd);
    yield tarEnd;
  }
  await writeFileAtomic(path, pieces());
  return { bytes, madeFrom, ...index, ...hashes.end() };
}

/** Pictures in order, packed ahead by the pool. */
async function* packed(
  samples: readonly Sample[],
  pool: TaskPool,
  { shortSide, format, workers }: PrepareOptions,
): AsyncIterable<PackedPicture> {
  const pack = (slice: number) => {
    const first = slice * SLICE_SIZE;
    const sources = samples
      .slice(first, first + SLICE_SIZE)
      .map(({ path, entry }) => (entry ? { path, entry } : { path }));
    return pool.run("pack", { sources, format, ...(shortSide !== undefined && { shortSide }) });
  };
  const slices = Math.ceil(samples.length / SLICE_SIZE);
  for await (const pictures of lookAhead(slices, Math.max(1, workers) * SLICES_PER_THREAD, pack)) yield* pictures;
}

/** Folders of splits, which say nothing about a picture. */
const splitNames: ReadonlySet<string> = new Set(["train", ...validationNames]);

/**
 * What a sample is called in its shard: its path without split and ending. WebDataset takes everything after the first dot
 * of a file's name for the ending, so dots in it become underscores; names that then meet get a number.
 */
function keysOf(dataset: Dataset): string[] {
  const taken = new Set<string>();
  const nameOf = namesWithin(dataset);
  return dataset.samples.map(({ path, label, entry }) => {
    const below = entry ? entry.name.split("/") : nameOf({ path, label }).split(sep);
    const parts = splitNames.has(below[0]!) && below.length > 1 ? below.slice(1) : below;
    const file = parts
      .at(-1)!
      .replace(/\.\w+$/, "")
      .replaceAll(".", "_");
    const plain = [...parts.slice(0, -1).filter((part) => part !== ".."), file].join("/");
    let key = plain;
    for (let n = 2; taken.has(key); n++) key = `${plain}-${n}`;
    taken.add(key);
    return key;
  });
}

function fingerprint({ samples, keys }: Part, { shortSide, format, decoder }: PrepareOptions): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(shortSide === undefined ? null : [shortSide, format, PACK_QUALITY, decoder]));
  samples.forEach(({ path, label, entry }, i) => {
    const found = fileStatus(path);
    // whole seconds: what a copy of the folder keeps of a time
    hash.update(
      JSON.stringify([
        keys[i],
        label,
        found?.size,
        found && Math.floor(found.mtimeMs / 1000),
        ...(entry ? [entry.offset] : []),
      ]),
    );
  });
  return hash.digest("hex");
}
