/**
 * The pictures of a training run, for one process of several: those of its replicas in turn, from one set of threads, and
 * its share of the validation set.
 */
import { createHash } from "node:crypto";
import { relative } from "node:path";
import type { DecoderName } from "../data/codecs/decoder.js";
import { type Batch, DataLoader, type DecodeStats } from "../data/reading/loader.js";
import { type Dataset, openDataset } from "../data/sets/dataset.js";
import type { Recipe } from "../models/recipe.js";
import { epochLength } from "./recipes/epoch-length.js";
import { evalPipeline, trainPipeline } from "./recipes/pipeline.js";
import type { ProcessGroup } from "./replicas/process-group.js";
import { replicaShare } from "./replicas/replica-tree.js";

export interface RunDataOptions {
  /** Folder in ImageNet layout, with train and val, or shards of one. */
  readonly data: string;
  readonly seed: number;
  /** Decoding threads of this process. */
  readonly workers: number;
  readonly decoder: DecoderName;
  readonly replicas: number;
  /** Whether the validation set is wanted; it need not be there otherwise. */
  readonly validate: boolean;
}

/** A digest of what the set holds, wherever it lies. */
function contentOf(set: Dataset, root: string): string {
  const hash = createHash("sha256");
  for (const { path, label, entry } of set.samples)
    hash.update(`${relative(root, path)} ${entry ? JSON.stringify(entry) : ""} ${label}\n`);
  return hash.digest("hex").slice(0, 16);
}

export class RunData {
  readonly classes: readonly string[];
  /** false where a list file gives numbers only. */
  readonly areClassesNamed: boolean;
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
  /** The validation batches of the process that has most. */
  readonly mostValidationBatches: number;
  readonly #accumulate: number;
  readonly #root: string;
  readonly #sets: readonly Dataset[];
  readonly #training: DataLoader;

  /** Throws DataError for a data set that cannot be used. */
  constructor(recipe: Recipe, options: RunDataOptions, group: ProcessGroup) {
    const { data, seed, workers, decoder, replicas } = options;
    const trainSet = openDataset(data, "train");
    const valSet = options.validate ? openDataset(data, "val", { numClasses: trainSet.classes.length }) : null;
    const share = replicaShare(replicas, group.worldSize, group.rank);
    const { batchSize, accumulate = 1 } = recipe;
    const { evalBatchSize } = recipe.images;
    this.#root = data;
    this.#sets = [trainSet, ...(valSet ? [valSet] : [])];
    this.classes = trainSet.classes;
    this.areClassesNamed = trainSet.areClassesNamed ?? true;
    this.trainImages = trainSet.samples.length;
    this.valImages = valSet?.samples.length ?? 0;
    const { steps, batches, leavesOneOut } = epochLength(recipe, this.trainImages, replicas);
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
      dropLast: leavesOneOut,
      workers,
      decoder,
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
      });
    this.mostValidationBatches = Math.ceil(Math.ceil(this.valImages / group.worldSize) / evalBatchSize);
  }

  /** What has to be the same for every process of a run. */
  fingerprints(): { readonly train: string; readonly val: string | null } {
    const [train, val = null] = this.#sets.map((set) => contentOf(set, this.#root));
    return { train: train!, val };
  }

  /** The batches of `epoch` from step `from` on, step after step: in each, those of this process's replicas in turn. */
  epoch(epoch: number, from: number): AsyncIterableIterator<Batch> {
    return this.#training.epoch(epoch, { startBatch: from * this.#accumulate });
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
