/**
 * A whole data set looked through before it is trained on: every picture decoded, every class counted, everything wrong
 * listed instead of thrown. Node only.
 */

import { DataError } from "../util/errors.js";
import { lookAhead } from "../util/look-ahead.js";
import type { DecoderName } from "./codecs/decoder.js";
import { openTaskPool } from "./reading/decode-pool.js";
import type { TaskPool } from "./reading/tasks.js";
import { type Dataset, openDataset } from "./sets/dataset.js";
import { ImageFolder } from "./sets/image-folder.js";
import { sourceName } from "./sets/picture-source.js";
import { isShardSet } from "./sets/shards/shard-set.js";

export interface VerifyOptions {
  /** Image folder or shards. */
  readonly data: string;
  /** Default as in ReaderOptions. */
  readonly decoder?: DecoderName;
  readonly workers: number;
  readonly onProgress?: (progress: { readonly split: string; readonly done: number; readonly total: number }) => void;
}

/** Something unusual that is not wrong. */
export interface Oddity {
  readonly path: string;
  readonly what: string;
}

/** What there is of one split. */
export interface SplitReport {
  readonly images: number;
  /** Pictures by class name, in the order of the labels; 0 for a class without any. */
  readonly perClass: { readonly [name: string]: number };
}

/** What verifyDataset() found. */
export interface VerifyReport {
  readonly splits: { readonly [split: string]: SplitReport };
  /** One line for each thing that training would stumble over; empty where all is well. */
  readonly problems: readonly string[];
  readonly oddities: readonly Oddity[];
}

/** Pictures of one task. */
const SLICE_SIZE = 8;
/** Tasks in work for each thread. */
const SLICES_PER_THREAD = 2;

/**
 * Looks through train and val. Throws DataError only where there is no data set at all.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * const { problems } = await verifyDataset({ data: "imagenet", workers: 0 });
 * console.log(problems);
 * ```
 */
export async function verifyDataset({ data, decoder, workers, onProgress }: VerifyOptions): Promise<VerifyReport> {
  const problems: string[] = [];
  const oddities: Oddity[] = [];
  const datasets = ["train", "val"].map((split) => openLeniently(data, split, problems));
  const pool = openTaskPool(workers, decoder ? { decoder } : {});
  try {
    for (const dataset of datasets) {
      if (dataset === undefined) continue;
      const { split, length: total } = dataset;
      const tell = (done: number) => onProgress?.({ split, done, total });
      await inspectAll(dataset, pool, { ahead: Math.max(1, workers) * SLICES_PER_THREAD, problems, oddities, tell });
    }
  } finally {
    await pool.close();
  }
  const found = datasets.filter((dataset) => dataset !== undefined);
  const splits = Object.fromEntries(found.map((dataset) => [dataset.split, count(dataset)]));
  return { splits, problems: [...problems, ...lonelyClasses(splits)], oddities };
}

function openLeniently(data: string, split: string, problems: string[]): Dataset | undefined {
  if (!isShardSet(data)) return ImageFolder.survey(data, split, (problem) => problems.push(problem.summary));
  try {
    return openDataset(data, split);
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    problems.push(cause.summary);
    return undefined;
  }
}

interface Findings {
  /** Tasks in work at a time. */
  readonly ahead: number;
  readonly problems: string[];
  readonly oddities: Oddity[];
  readonly tell: (done: number) => void;
}

/** Inspects every picture, and lists what it finds in the order of the data set. */
async function inspectAll({ samples }: Dataset, pool: TaskPool, findings: Findings): Promise<void> {
  const { ahead, problems, oddities, tell } = findings;
  const inspect = (slice: number) => {
    const part = samples.slice(slice * SLICE_SIZE, (slice + 1) * SLICE_SIZE);
    return pool.run("inspect", {
      sources: part.map(({ path, entry }) => (entry ? { path, entry } : { path })),
    });
  };
  let done = 0;
  for await (const inspections of lookAhead(Math.ceil(samples.length / SLICE_SIZE), ahead, inspect)) {
    for (const { problem, oddities: odd } of inspections) {
      if (problem !== undefined) problems.push(problem);
      const path = sourceName(samples[done]!);
      for (const what of odd) oddities.push({ path, what });
      done++;
    }
    tell(done);
  }
}

function count({ classes, samples }: Dataset): SplitReport {
  const counts = new Uint32Array(classes.length);
  for (const { label } of samples) counts[label]!++;
  return {
    images: samples.length,
    perClass: Object.fromEntries(classes.map((name, label) => [name, counts[label]!])),
  };
}

/** Classes that only one of the splits has pictures of. A split that is missing altogether has its own line. */
function lonelyClasses(splits: VerifyReport["splits"]): string[] {
  const { train, val } = splits;
  if (!train?.images || !val?.images) return [];
  const names = [...new Set([...Object.keys(train.perClass), ...Object.keys(val.perClass)])];
  return names.flatMap((name) => {
    const [inTrain, inVal] = [train.perClass[name] ?? 0, val.perClass[name] ?? 0];
    if (inTrain > 0 === inVal > 0) return [];
    const [here, there] = inTrain > 0 ? ["train", "val"] : ["val", "train"];
    return [
      `class ${name}: ${Math.max(inTrain, inVal)} pictures in ${here} and none in ${there}, expected some in both`,
    ];
  });
}
