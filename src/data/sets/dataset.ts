/**
 * Opening a data set, whatever form it has: tar shards where there is their index, else an image folder. Node only.
 */
import { readdirSync, statSync } from "node:fs";
import { DataError } from "../../util/errors.js";
import { ImageFolder, type ImageFolderOptions } from "./image-folder.js";
import type { Sample } from "./sample.js";
import { isShardSet, ShardSet } from "./shards/shard-set.js";

/** A split of a data set: samples in a fixed order, and the names of their classes. */
export interface Dataset {
  readonly root: string;
  readonly split: string;
  readonly classes: readonly string[];
  /** false where a list file gives numbers only, and `classes` are these. Default true. */
  readonly areClassesNamed?: boolean;
  readonly samples: readonly Sample[];
  readonly length: number;
}

/**
 * Opens `split` of the data set in `root`. Throws DataError as ImageFolder.open and ShardSet.open do.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * console.log(openDataset("imagenet", "val").classes); // ["cat", "dog"]
 * ```
 */
export function openDataset(root: string, split: string, options: ImageFolderOptions = {}): Dataset {
  if (isShardSet(root)) return ShardSet.open(root, split, options);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    const shard = readdirSync(root).find((name) => /^\w+-\d{6}\.tar$/.test(name));
    if (shard !== undefined)
      throw new DataError(
        `${root}: ${shard} but no shards.json, expected the index that prepare writes last`,
        "prepare did not finish; run it again, it goes on where it stopped",
      );
  }
  return ImageFolder.open(root, split, options);
}
