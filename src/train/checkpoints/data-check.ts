/**
 * Whether a run goes on with the pictures that it began with. Their lists' digests lie in each checkpoint, the lists themselves, from which
 * a difference is named, once beside them.
 */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeChanges, pictureChanges } from "../../data/sets/picture-changes.js";
import {
  decodePictureList,
  type ListedPicture,
  PictureList,
  type PictureListInfo,
} from "../../data/sets/picture-list.js";
import type { Dataset } from "../../data/sets/sample.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { CheckpointError, DataError } from "../../util/errors.js";
import { namingPath } from "../../util/io-error.js";

/** What stands for the data of a run. */
export interface DataFingerprint {
  readonly train: PictureListInfo;
  /** Null where the run does not validate. */
  readonly val: PictureListInfo | null;
}

const splits = ["train", "val"] as const;

/** Pictures of a set, by the digest of their list. */
const listName = ({ sha256 }: PictureListInfo): string => `pictures-${sha256.slice(0, 16)}.gz`;

/** The lists of a run's pictures. */
export class DataLists {
  readonly #lists: readonly PictureList[];
  readonly fingerprint: DataFingerprint;
  /** Files that were not there before; null until writeInto(). */
  #written: string[] | null = null;

  private constructor(lists: readonly PictureList[]) {
    this.#lists = lists;
    const [train, val] = lists.map(({ info }) => info);
    this.fingerprint = { train: train!, val: val ?? null };
  }

  /** Of the training set and, where there is one, the validation set; as much of the files is read as for `former`. */
  static async of(sets: readonly Dataset[], former?: DataFingerprint): Promise<DataLists> {
    const lists: PictureList[] = [];
    for (const [i, set] of sets.entries()) lists.push(await PictureList.of(set, former?.[splits[i]!]?.contents));
    return new DataLists(lists);
  }

  /** Beside the first checkpoint, unless they are there. */
  async writeInto(folder: string): Promise<void> {
    if (this.#written) return;
    const written: string[] = [];
    for (const list of this.#lists) {
      const path = join(folder, listName(list.info));
      if (existsSync(path)) continue;
      await writeFileAtomic(path, list.encode());
      written.push(path);
    }
    this.#written = written;
  }

  /** The checkpoint that they were written for is none after all. */
  async takeBack(): Promise<void> {
    for (const path of this.#written ?? []) await rm(path, { force: true });
    this.#written = null;
  }

  /** What differs from the pictures of the checkpoint at `path`, in one line; null where nothing does. */
  async differenceFrom(former: DataFingerprint, path: string): Promise<string | null> {
    const parts: string[] = [];
    for (const [i, split] of splits.entries()) {
      const [was, list] = [former[split], this.#lists[i]];
      if (!was || !list || was.sha256 === list.info.sha256) continue;
      parts.push(`${split}: ${await difference(was, list, join(dirname(path), listName(was)))}`);
    }
    return parts.length === 0 ? null : parts.join("; ");
  }
}

async function difference(was: PictureListInfo, list: PictureList, path: string): Promise<string> {
  let former: ListedPicture[];
  try {
    former = decodePictureList(await namingPath(path, () => readFile(path)), was, path);
  } catch (error) {
    const why = error instanceof DataError ? error.summary : `${path} is not there`;
    const counts =
      was.pictures === list.info.pictures
        ? `${was.pictures}, not the same`
        : `${was.pictures}, now ${list.info.pictures}`;
    return `pictures were ${counts}; which, nothing says: ${why}`;
  }
  const words = describeChanges(pictureChanges(former, list.pictures));
  return `of ${was.pictures} pictures ${words}`;
}

/** Throws CheckpointError for other pictures than those of the checkpoint at `path`, unless they are allowed; then says which. */
export async function expectSameData(
  path: string,
  former: DataFingerprint | undefined,
  lists: DataLists,
  allow: boolean,
): Promise<string | null> {
  if (former === undefined) return null;
  const found = await lists.differenceFrom(former, path);
  if (found === null) return null;
  if (allow) return `other data: ${found}: the run goes on with it`;
  throw new CheckpointError(
    `${path}: other data: ${found}`,
    "expected the pictures that the run began with; --allow-changed-data goes on with these, --init starts a new run from its weights",
  );
}
