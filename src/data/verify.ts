/**
 * A whole data set looked through before it is trained on: every picture decoded, every class counted, everything wrong
 * listed instead of thrown. Node only.
 */

import { existsSync } from "node:fs";
import { DataError } from "../util/errors.js";
import { lookAhead } from "../util/look-ahead.js";
import { countClasses } from "./class-weights.js";
import type { DecoderName } from "./codecs/decoder.js";
import { openTaskPool } from "./reading/decode-pool.js";
import type { TaskPool } from "./reading/tasks.js";
import { type DataSource, type Dataset, surveyDataset } from "./sets/dataset.js";
import { sourceName } from "./sets/picture-source.js";
import { type ShardFindings, verifyShards } from "./sets/shards/verify-shards.js";
import { lonelyClasses, repeatedPictures } from "./sets/survey.js";

export interface VerifyOptions {
  /** Image folder, shards or CSV file, or several of them. */
  readonly data: DataSource;
  /** As in openDataset. */
  readonly valFraction?: number;
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
  /** What training goes on with, and somebody should know: files left out, lonely classes, pictures that are there twice. */
  readonly warnings: readonly string[];
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
export async function verifyDataset(options: VerifyOptions): Promise<VerifyReport> {
  const { decoder, workers, onProgress } = options;
  const problems: string[] = [];
  const oddities: Oddity[] = [];
  const datasets = (["train", "val"] as const).map((split) => openLeniently(options, split, problems));
  const shards = await Promise.all([options.data].flat().map((root) => shardFindings(root)));
  problems.push(...shards.flatMap((found) => found.problems));
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
  const [train, val] = datasets;
  const found = datasets.filter((dataset) => dataset !== undefined);
  const splits = Object.fromEntries(found.map((dataset) => [dataset.split, count(dataset)]));
  const both = train && [...lonelyClasses(train, val ?? null), ...repeatedPictures(train, val ?? null)];
  const warnings = [
    ...found.flatMap(({ notices = [] }) => notices),
    ...shards.flatMap((one) => one.warnings),
    ...(both ?? []),
  ];
  return {
    splits,
    problems: [...new Set([...problems, ...oneSided(splits)])],
    warnings: [...new Set(warnings)],
    oddities,
  };
}

/** A damaged index was told before. */
async function shardFindings(root: string): Promise<ShardFindings> {
  try {
    return await verifyShards(root);
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    return { problems: [cause.summary], warnings: [] };
  }
}

/** Problems that both splits share come once. */
function openLeniently({ data, valFraction }: VerifyOptions, split: string, problems: string[]): Dataset | undefined {
  try {
    const options = valFraction === undefined ? {} : { valFraction };
    return surveyDataset(data, split, (problem) => problems.push(problem.summary), options);
  } catch (cause) {
    const isThere = typeof data !== "string" || existsSync(data);
    if (!(cause instanceof DataError) || !isThere) throw cause;
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
  const counts = countClasses(samples, classes.length);
  return {
    images: samples.length,
    perClass: Object.fromEntries(classes.map((name, label) => [name, counts[label]!])),
  };
}

/** Classes of the validation pictures that training never shows. A split that is missing altogether has its own line. */
function oneSided(splits: VerifyReport["splits"]): string[] {
  const { train, val } = splits;
  if (!train?.images || !val?.images) return [];
  return Object.entries(val.perClass).flatMap(([name, images]) =>
    images > 0 && !train.perClass[name]
      ? [`class ${name}: ${images} pictures in val and none in train, expected some in both`]
      : [],
  );
}
