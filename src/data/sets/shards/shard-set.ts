/**
 * A data set in tar shards, opened by its indexes: the same samples in the same order as in the folder they were made from,
 * so the same loader draws the same batches. Reads no picture. Node only.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Budget } from "../../../util/budget.js";
import { DataError } from "../../../util/errors.js";
import { fileStatus } from "../../../util/file-status.js";
import type { Sample } from "../sample.js";
import { readSetIndex, readShardIndex, SET_INDEX_NAME, type SetIndex, shardIndexFile } from "./index-file.js";
import { isCompressed } from "./tar-file.js";
import { stretchesOf } from "./tar-stretches.js";

/** Whether `root` holds a data set in shards: it has their index. */
export const isShardSet = (root: string): boolean => existsSync(join(root, SET_INDEX_NAME));

/** A split of a data set in shards. */
export class ShardSet {
  private constructor(
    readonly root: string,
    readonly split: string,
    /** Class names; a label is an index into them. */
    readonly classes: readonly string[],
    readonly samples: readonly Sample[],
    /** What was done to the pictures when they were packed. */
    readonly resized: SetIndex["resized"],
  ) {}

  get length(): number {
    return this.samples.length;
  }

  /** Names of the splits that the index lists. */
  static splitsOf(root: string): string[] {
    return Object.keys(readSetIndex(join(root, SET_INDEX_NAME)).splits);
  }

  /** Throws DataError for a missing split, a damaged index, one that is not what its hash was taken of, a tar file that is missing or has another size. */
  static open(root: string, split: string, options: { readonly numClasses?: number } = {}): ShardSet {
    const indexPath = join(root, SET_INDEX_NAME);
    const { classes, splits, resized } = readSetIndex(indexPath);
    const shards = Object.hasOwn(splits, split) ? splits[split] : undefined;
    if (shards === undefined) {
      const known = Object.keys(splits).join(", ") || "nothing";
      throw new DataError(`${indexPath}: no split ${split}, expected one of ${known}`);
    }
    const { numClasses } = options;
    if (numClasses !== undefined && numClasses !== classes.length)
      throw new DataError(
        `${indexPath}: ${classes.length} classes, the model expects ${numClasses}`,
        `train with ${classes.length} classes, or point to the data set the model was made for`,
      );
    const samples: Sample[] = [];
    const budget = new Budget(indexPath, DataError);
    const seen = new Set<string>();
    for (const { file, bytes, samples: count, indexSha256 } of shards) {
      const path = join(root, file);
      if (seen.has(file))
        throw new DataError(`${indexPath}: split ${split} lists ${file} twice, expected each shard once`);
      seen.add(file);
      budget.spend("samples", count);
      checkTar(path, bytes);
      const shardIndexPath = join(root, shardIndexFile(file));
      const index = readShardIndex(shardIndexPath, classes.length, indexSha256);
      const isOther = !isCompressed(file) && index.bytes !== bytes;
      if (isOther || index.names.length !== count)
        throw new DataError(
          `${shardIndexPath}: ${index.names.length} samples in ${index.bytes} bytes, ${indexPath} says ${count} in ${bytes}`,
          "the two come from different runs of prepare; make the shards anew",
        );
      const stretches = index.hashes ? stretchesOf(index.offsets, index.bytes, index.hashes) : [];
      index.names.forEach((name, i) => {
        const stretch = stretches[i];
        const entry = { name, offset: index.offsets[i]!, bytes: index.sizes[i]!, ...(stretch && { stretch }) };
        samples.push({ path, label: index.labels[i]!, entry });
      });
    }
    if (samples.length === 0)
      throw new DataError(`${indexPath}: split ${split} is empty, expected at least one sample`);
    return new ShardSet(root, split, classes, samples, resized);
  }
}

function checkTar(path: string, bytes: number): void {
  const found = fileStatus(path);
  if (found?.isFile() && found.size === bytes) return;
  const came = found === null ? "no such file" : found.isFile() ? `${found.size} bytes` : "not a file";
  throw new DataError(
    `${path}: ${came}, expected a shard of ${bytes} bytes`,
    "the copy is not complete; copy the shards again, or make them anew with prepare",
  );
}
