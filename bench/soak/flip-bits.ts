/**
 * Single bits flipped in files that prove themselves, and each file then loaded as a run or a command loads it: every flip has to be
 * noticed, and the error has to name the file, and the entry where the bit lies in one.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareShards } from "../../src/data/prepare.js";
import { openDataset } from "../../src/data/sets/dataset.js";
import { PictureFiles } from "../../src/data/sets/picture-source.js";
import { setBackend } from "../../src/index.js";
import { decodeWeights } from "../../src/models/files/index.js";
import { createModel } from "../../src/models/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Variant } from "../../src/models/mobileone/variants.js";
import { Random } from "../../src/tensor/random.js";
import { CheckpointFolder } from "../../src/train/checkpoints/checkpoint.js";
import {
  type CheckpointHeader,
  decodeCheckpointFile,
  expectTensorsOf,
} from "../../src/train/checkpoints/checkpoint-format.js";
import { DataLists } from "../../src/train/checkpoints/data-check.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { planRecipe } from "../../src/train/recipes/plan.js";
import { Session } from "../../src/train/steps/session.js";
import { CheckpointError, DataError } from "../../src/util/errors.js";
import { turnOfEventLoop } from "../../src/util/platform.js";
import { builtCommandLine, expectBuilt, repositoryRoot } from "../paths.js";

export interface FlipBitsOptions {
  /** An empty folder for the files. */
  readonly folder: string;
  /** In the JSON of a checkpoint; default: every bit. */
  readonly jsonFlips?: number;
  /** In each of tensors, model file and shards. Default 10,000. */
  readonly flips?: number;
  /** Files that are loaded by the built command line, a process each. Default 20. */
  readonly commands?: number;
  readonly seed?: number;
  /** Asked between flips: whether no more are wanted. */
  readonly isDone?: () => boolean;
  /** Hears of each kind as it is done. */
  readonly tell?: (line: string) => void;
}

/** What came of one kind of file. */
export interface FlipCount {
  readonly what: string;
  readonly flips: number;
  /** Loading ended with an error of ours. */
  readonly noticed: number;
  /** The error names the file. */
  readonly fileNamed: number;
  /** Flips inside an entry, and those whose error names it. */
  readonly inEntries: number;
  readonly entryNamed: number;
}

export interface FlipBitsResult {
  readonly counts: readonly FlipCount[];
  /** A line for each flip that was not noticed, or named wrongly. */
  readonly failures: readonly string[];
}

/** S0's structure, so narrow that a checkpoint is some hundred kilobytes, most of them numbers. */
const small: Variant = {
  widths: [1 / 8, 1 / 8, 1 / 8, 1 / 8],
  numConvBranches: 2,
  squeezeExciteUnits: [0, 0, 0, 1],
  units: [1, 1, 1, 1],
};
const classes = ["00_t-shirt", "01_trouser", "02_pullover"];
const SHARD_IMAGES = 40;
/** Flips between two turns of the event loop. */
const BREATH = 200;

/** A file whose bits are flipped. */
interface Subject {
  readonly what: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Loads the file that these bytes would be; throws for damage. */
  load(flipped: Uint8Array): void;
  /** The name of the entry that a byte belongs to; null: of none. */
  entryAt(at: number): string | null;
}

/** Names of entries by the place of their bytes in a safetensors file. */
function entriesOf(bytes: Uint8Array): (at: number) => string | null {
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))) as {
    readonly [name: string]: { readonly data_offsets?: readonly [number, number] };
  };
  const rows = Object.entries(header).flatMap(([name, { data_offsets: place }]) => (place ? [{ name, place }] : []));
  return (at) => {
    const inData = at - 8 - headerBytes;
    return rows.find(({ place: [begin, end] }) => inData >= begin && inData < end)?.name ?? null;
  };
}

/** A run's checkpoint and model file, as the trainer writes them. */
async function runFiles(folder: string): Promise<Subject[]> {
  const recipe = planRecipe({ ...mobileoneS0Demo, saveBest: "top1" }, 13);
  const header: CheckpointHeader = {
    ...{ recipe, seed: 7, replicas: 1, numClasses: classes.length, classes },
    ...{ trainImages: demoSet("train").length, decoder: "jpeg-js" },
  };
  const model = new MobileOne(small, { numClasses: classes.length });
  const session = new Session(recipe, model, 13);
  session.step = 17;
  const checkpoints = new CheckpointFolder(join(folder, "checkpoints"));
  checkpoints.keepData(await DataLists.of([demoSet("train"), demoSet("val")]));
  const { path: tensors } = await checkpoints.save(session, header, false);
  const modelFile = join(folder, "model.safetensors");
  await saveModelFile(modelFile, model, { recipe, classes });
  const json = tensors.replace(/safetensors$/, "json");
  const file = decodeCheckpointFile(readFileSync(json), json);
  const nothing = () => null;
  return [
    {
      ...{ what: "JSON of a checkpoint", path: json, bytes: readFileSync(json), entryAt: nothing },
      load: (flipped) => void decodeCheckpointFile(flipped, json),
    },
    {
      ...{ what: "tensors of a checkpoint", path: tensors, bytes: readFileSync(tensors) },
      entryAt: entriesOf(readFileSync(tensors)),
      load: (flipped) => expectTensorsOf(file, flipped, tensors),
    },
    {
      ...{ what: "model file", path: modelFile, bytes: readFileSync(modelFile) },
      entryAt: entriesOf(readFileSync(modelFile)),
      load: (flipped) => void decodeWeights(flipped, modelFile),
    },
  ];
}

const demoSet = (split: string) => {
  const set = openDataset(join(repositoryRoot, "demo", "fashion-mnist"), split);
  const samples = set.samples.filter(({ label }, i) => label < classes.length && i % 10 === 0);
  return { ...set, samples, length: samples.length, classes };
};

/** Shards of the demo set's first pictures: their tar files, and both kinds of index. */
async function shardFiles(folder: string): Promise<Subject[]> {
  const source = join(folder, "pictures.csv");
  const lines = ["train", "val"].flatMap((split) =>
    demoSet(split).samples.map(({ path, label }) => `${path},${classes[label]},${split}`),
  );
  writeFileSync(source, `path,label,split\n${lines.join("\n")}\n`);
  const out = join(folder, "shards");
  await prepareShards({ data: source, out, shardImages: SHARD_IMAGES, format: "png", workers: 0 });
  const { samples } = openDataset(out, "train");
  const tar = samples[0]!.path;
  const own = samples.filter(({ path }) => path === tar);
  const reading = (path: string, sources: () => typeof samples) => (flipped: Uint8Array) => {
    const sound = readFileSync(path);
    writeFileSync(path, flipped);
    const files = new PictureFiles(0);
    try {
      for (const one of sources()) files.bytesOf(one);
    } finally {
      files.close();
      writeFileSync(path, sound);
    }
  };
  const index = (path: string): Subject => ({
    ...{ what: "indexes of shards", path, bytes: readFileSync(path), entryAt: () => null },
    load: reading(path, () => openDataset(out, "train").samples),
  });
  return [
    {
      ...{ what: "shards", path: tar, bytes: readFileSync(tar), load: reading(tar, () => own) },
      entryAt: (at) => (own.findLast(({ entry }) => entry!.offset - 512 <= at) ?? own[0]!).entry!.name,
    },
    index(join(out, "shards.json")),
    index(tar.replace(/tar$/, "json")),
  ];
}

class Tally {
  readonly failures: string[] = [];
  readonly #counts = new Map<string, { -readonly [K in keyof FlipCount]: FlipCount[K] }>();

  /** `message` is what loading said; null: nothing. */
  take(what: string, where: string, message: string | null, path: string, entry: string | null): void {
    const empty = { what, flips: 0, noticed: 0, fileNamed: 0, inEntries: 0, entryNamed: 0 };
    const count = this.#counts.get(what) ?? empty;
    this.#counts.set(what, count);
    const isFileNamed = message?.includes(path) ?? false;
    const isEntryNamed = entry !== null && (message?.includes(entry) ?? false);
    count.flips++;
    count.noticed += Number(message !== null);
    count.fileNamed += Number(isFileNamed);
    count.inEntries += Number(entry !== null);
    count.entryNamed += Number(isEntryNamed);
    if (message === null) this.failures.push(`${what}, ${where}: loaded`);
    else if (!isFileNamed || (entry !== null && !isEntryNamed))
      this.failures.push(`${what}, ${where}: ${message}, expected ${path}${entry === null ? "" : ` and ${entry}`}`);
  }

  get counts(): FlipCount[] {
    return [...this.#counts.values()];
  }
}

function messageOf(load: () => void): string | null {
  try {
    load();
    return null;
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof DataError) return error.summary;
    throw error;
  }
}

async function flipIn(subject: Subject, bits: Iterable<number>, tally: Tally, isDone: () => boolean): Promise<void> {
  const { what, path, bytes, load, entryAt } = subject;
  // a copy: slice() of a Buffer is the same memory
  const flipped = new Uint8Array(bytes);
  let done = 0;
  for (const bit of bits) {
    const at = bit >> 3;
    flipped[at]! ^= 1 << (bit & 7);
    const message = messageOf(() => load(flipped));
    tally.take(what, `bit ${bit & 7} of byte ${at}`, message, path, entryAt(at));
    flipped[at] = bytes[at]!;
    if (isDone()) return;
    if (++done % BREATH === 0) await turnOfEventLoop();
  }
}

const bitsOf = ({ bytes }: Subject): number => 8 * bytes.length;

function* drawn(random: Random, count: number, below: number): Iterable<number> {
  for (let i = 0; i < count; i++) yield Math.floor(random.uniform() * below);
}

/** By the built command line: a model file through convert, a checkpoint through train --resume, a shard through verify-dataset. */
async function flipForCommands(
  count: number,
  shards: Subject,
  folder: string,
  random: Random,
  tally: Tally,
): Promise<void> {
  expectBuilt();
  const what = "files of the command line";
  const modelFile = join(folder, "s0.safetensors");
  await saveModelFile(modelFile, createModel("mobileone_s0", { numClasses: 3 }), { recipe: mobileoneS0Demo, classes });
  const checkpoints = join(folder, "checkpoints");
  const json = join(checkpoints, "step_000017.json");
  const shardFolder = join(shards.path, "..");
  const ways: readonly { readonly path: string; readonly words: readonly string[] }[] = [
    { path: modelFile, words: ["convert", modelFile, join(folder, "out.pth"), "--force"] },
    { path: json, words: ["train", "--resume", json, "--data", shardFolder, "--out", join(folder, "further")] },
    { path: shards.path, words: ["verify-dataset", shardFolder, "--workers", "0"] },
  ];
  for (let i = 0; i < count; i++) {
    const { path, words } = ways[i % ways.length]!;
    const sound = readFileSync(path);
    const flipped = Buffer.from(sound);
    const bit = Math.floor(random.uniform() * 8 * statSync(path).size);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    writeFileSync(path, flipped);
    const { status, stdout, stderr } = spawnSync(process.execPath, [builtCommandLine, ...words], { encoding: "utf8" });
    writeFileSync(path, sound);
    const said = `${stdout}${stderr}`;
    tally.take(what, `${words[0]}, bit ${bit}`, status === 0 ? null : said, path.slice(path.lastIndexOf("/")), null);
  }
}

/** Flips bits, one at a time, and counts. Throws what loading throws beside errors of ours. */
export async function flipBits(options: FlipBitsOptions): Promise<FlipBitsResult> {
  const { folder, jsonFlips, flips = 10_000, commands = 20, seed = 0, isDone = () => false, tell = () => {} } = options;
  await setBackend("wasm", { threads: 1 });
  mkdirSync(folder, { recursive: true });
  const random = new Random(seed);
  const tally = new Tally();
  const [json, tensors, model] = (await runFiles(folder)) as [Subject, Subject, Subject];
  const [shard, ...indexes] = (await shardFiles(folder)) as [Subject, ...Subject[]];
  const all = Array.from({ length: bitsOf(json) }, (_, bit) => bit);
  await flipIn(json, jsonFlips === undefined ? all : drawn(random, jsonFlips, bitsOf(json)), tally, isDone);
  tell(json.what);
  for (const subject of [tensors, model, shard]) {
    await flipIn(subject, drawn(random, flips, bitsOf(subject)), tally, isDone);
    tell(subject.what);
  }
  for (const index of indexes) await flipIn(index, drawn(random, flips / indexes.length, bitsOf(index)), tally, isDone);
  tell("indexes of shards");
  if (commands > 0 && !isDone()) await flipForCommands(commands, shard, folder, random, tally);
  return { counts: tally.counts, failures: tally.failures };
}
