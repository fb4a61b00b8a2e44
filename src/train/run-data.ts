/**
 * The pictures of a training run, for one process of several: those of its replicas in turn, from one set of threads, and
 * its share of the validation set.
 */
import { createHash } from "node:crypto";
import { countClasses } from "../data/class-weights.js";
import type { DecoderName } from "../data/codecs/decoder.js";
import { PictureError } from "../data/reading/bad-pictures.js";
import { BalancedOrder } from "../data/reading/balanced-order.js";
import { type Batch, DataLoader, type DecodeStats } from "../data/reading/loader.js";
import { type DataSource, type Dataset, namesWithin, openDataset } from "../data/sets/dataset.js";
import { lonelyClasses, repeatedPictures } from "../data/sets/survey.js";
import type { Recipe } from "../models/recipe.js";
import { DataError } from "../util/errors.js";
import { printable } from "../util/printable.js";
import { epochLength } from "./recipes/epoch-length.js";
import { evalPipeline, trainPipeline } from "./recipes/pipeline.js";
import type { ProcessGroup } from "./replicas/process-group.js";
import { replicaShare } from "./replicas/replica-tree.js";

export interface RunDataOptions {
  readonly data: DataSource;
  /** As in openDataset, where the validation set is wanted; without it every picture is for training. */
  readonly valFraction: number | undefined;
  readonly seed: number;
  /** Decoding threads of this process. */
  readonly workers: number;
  readonly decoder: DecoderName;
  readonly replicas: number;
  /** Whether the validation set is wanted; it need not be there otherwise. */
  readonly validate: boolean;
  /** Go on without pictures that cannot be used. */
  readonly skipBadPictures: boolean;
  /** Hears of each of them once. */
  readonly onNotice: (text: string) => void;
}

/** Equal files are looked for in sets of at most so many pictures: each has to be asked for its size. */
const MOST_TO_COMPARE = 100_000;

/** A digest of what the set holds, wherever it lies. */
function contentOf(set: Dataset): string {
  const hash = createHash("sha256");
  const nameOf = namesWithin(set);
  for (const sample of set.samples) {
    const { path, label, entry } = sample;
    hash.update(`${nameOf(entry ? { path, label } : sample)} ${entry ? JSON.stringify(entry) : ""} ${label}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

function noticesOf(train: Dataset, val: Dataset | null): string[] {
  const isComparable = train.samples.length + (val?.samples.length ?? 0) <= MOST_TO_COMPARE;
  return [
    ...new Set([
      ...(train.notices ?? []),
      ...(val?.notices ?? []),
      ...lonelyClasses(train, val),
      ...(isComparable ? repeatedPictures(train, val) : []),
    ]),
  ];
}

export class RunData {
  readonly classes: readonly string[];
  /** false where a list file gives numbers only. */
  readonly areClassesNamed: boolean;
  /** Training pictures of each class. */
  readonly classCounts: readonly number[];
  readonly trainImages: number;
  /** 0 where nothing is validated. */
  readonly valImages: number;
  readonly stepsPerEpoch: number;
  /** Of each replica. */
  readonly batchesPerEpoch: number;
  /** Whether each epoch leaves one picture of each replica out (epoch-length.ts). */
  readonly leavesOneOut: boolean;
  /** This process's share of the validation set, each picture in one share; null where nothing is validated. */
  readonly validation: DataLoader | null;
  /** What is worth a line about the data, on rank 0. */
  readonly notices: readonly string[];
  readonly #accumulate: number;
  /** Of training, and of validation where it is wanted. */
  readonly sets: readonly Dataset[];
  readonly #training: DataLoader;

  /** Throws DataError for a data set that cannot be used. */
  constructor(recipe: Recipe, options: RunDataOptions, group: ProcessGroup) {
    const { data, seed, workers, decoder, replicas, validate, valFraction, skipBadPictures, onNotice } = options;
    const fraction = validate ? (valFraction === undefined ? {} : { valFraction }) : { valFraction: 0 };
    const trainSet = openDataset(data, "train", fraction);
    const valSet = validate ? openDataset(data, "val", { ...fraction, numClasses: trainSet.classes.length }) : null;
    const share = replicaShare(replicas, group.worldSize, group.rank);
    const { batchSize, accumulate = 1 } = recipe;
    const { evalBatchSize } = recipe.images;
    this.sets = [trainSet, ...(valSet ? [valSet] : [])];
    this.classes = trainSet.classes;
    this.areClassesNamed = trainSet.areClassesNamed ?? true;
    this.trainImages = trainSet.samples.length;
    this.classCounts = countClasses(trainSet.samples, trainSet.classes.length);
    this.valImages = valSet?.samples.length ?? 0;
    this.notices = group.rank === 0 ? noticesOf(trainSet, valSet) : [];
    const balanced = recipe.sampling?.balanced ?? false;
    const epochImages = balanced
      ? new BalancedOrder(trainSet.samples.map(({ label }) => label)).length
      : this.trainImages;
    const { steps, batches, leavesOneOut } = epochLength(recipe, epochImages, replicas);
    this.#accumulate = accumulate;
    this.stepsPerEpoch = steps;
    this.batchesPerEpoch = batches;
    this.leavesOneOut = leavesOneOut;
    this.#training = new DataLoader(trainSet, {
      replicas,
      rank: Array.from({ length: share.count }, (_, i) => share.first + i),
      batchesInTurn: accumulate,
      batchSize,
      transform: (epoch) => trainPipeline(recipe, epoch),
      seed,
      shuffle: true,
      balanced,
      dropLast: leavesOneOut,
      workers,
      decoder,
      badPictures: skipBadPictures ? "replace" : "stop",
      onBadPicture: ({ summary }) => onNotice(`${printable(summary)}: the next picture takes its place`),
    });
    const slice = { replicas: group.worldSize, rank: group.rank, pad: false };
    this.validation =
      valSet &&
      new DataLoader(valSet, {
        ...slice,
        batchSize: evalBatchSize,
        transform: evalPipeline(recipe),
        workers,
        decoder,
        badPictures: skipBadPictures ? "leaveOut" : "stop",
        onBadPicture: ({ summary }) => onNotice(`${printable(summary)}: left out of validation`),
      });
  }

  /** What has to be the same for every process of a run. */
  fingerprints(): { readonly train: string; readonly val: string | null } {
    const [train, val = null] = this.sets.map((set) => contentOf(set));
    return { train: train!, val };
  }

  /** The batches of `epoch` from step `from` on, step after step: in each, those of this process's replicas in turn. */
  async *epoch(epoch: number, from: number): AsyncIterableIterator<Batch> {
    try {
      yield* this.#training.epoch(epoch, { startBatch: from * this.#accumulate });
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      const hints = [...(error.hint === undefined ? [] : [error.hint]), "--on-bad-picture skip goes on without it"];
      throw new DataError(error.summary, hints.join("; "));
    }
  }

  /** Pictures that this process met and could not use. */
  get badPictures(): number {
    return this.#training.badPictures + (this.validation?.badPictures ?? 0);
  }

  /** Decoding of training pictures so far, over all threads of this process. */
  get decoding(): DecodeStats {
    return this.#training.stats;
  }

  async close(): Promise<void> {
    await this.#training.close();
    await this.validation?.close();
  }
}
