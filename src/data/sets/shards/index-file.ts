/**
 * The two kinds of index beside the tar files, both JSON. `shards.json` says what the data set is: its classes and the shards
 * of each split; it is written last, so a folder that has it is complete. `train-000000.json` says where in its tar the
 * pictures are. Nothing in them is trusted before it is checked. Node only.
 */
import { Budget } from "../../../util/budget.js";
import { shownInError } from "../../../util/clipped.js";
import { DataError } from "../../../util/errors.js";
import { parseJson } from "../../../util/parse-json.js";
import { readWithin } from "../../../util/read-within.js";
import type { PackFormat } from "./pack.js";

/** Name of the file that makes a folder a sharded data set. */
export const SET_INDEX_NAME = "shards.json";
const FORMAT_NAME = "tensorone-shards";
const FORMAT_VERSION = 1;

/** One shard as the set's index lists it. */
export interface ShardEntry {
  /** Name of the tar file, in the same folder; one that ends in .tar.gz is unpacked in memory. */
  readonly file: string;
  readonly samples: number;
  /** Size of the file. */
  readonly bytes: number;
}

/** The content of shards.json. */
export interface SetIndex {
  readonly classes: readonly string[];
  /** What was done to the pictures; null where they are the original files. */
  readonly resized: {
    readonly shortSide: number;
    readonly format: PackFormat;
    /** JPEG quality, null for png. */
    readonly quality: number | null;
    readonly decoder: string;
  } | null;
  readonly splits: { readonly [split: string]: readonly ShardEntry[] };
}

/** The content of a shard's own index; the lists have an element a sample, in the order of the data set. */
export interface ShardIndex {
  /** Size of the tar, unpacked. */
  readonly bytes: number;
  /** SHA-256 over what the shard was made from and how: names, sizes and times of the sources, options. */
  readonly madeFrom: string;
  readonly names: readonly string[];
  /** Where the picture's data begins in the tar. */
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
  readonly labels: readonly number[];
}

/** Name of a shard's tar file. */
export const shardFile = (split: string, shard: number): string => `${split}-${String(shard).padStart(6, "0")}.tar`;
/** Name of the index of a tar file. */
export const shardIndexFile = (tar: string): string => tar.replace(/\.tar(\.gz)?$/, ".json");

export const writeSetIndex = (index: SetIndex): string =>
  `${JSON.stringify({ format: FORMAT_NAME, version: FORMAT_VERSION, ...index }, null, 2)}\n`;
export const writeShardIndex = (index: ShardIndex): string => `${JSON.stringify(index)}\n`;

/** Reads shards.json; throws DataError naming the file and what is wrong with it. */
export function readSetIndex(path: string): SetIndex {
  const json = readJson(path);
  const { format, version, classes, resized, splits } = json;
  if (format !== FORMAT_NAME) throw wrong(path, `format ${shownInError(format)}`, `"${FORMAT_NAME}"`);
  if (version !== FORMAT_VERSION) throw wrong(path, `version ${shownInError(version)}`, String(FORMAT_VERSION));
  if (!isList(classes, isText) || classes.length === 0) throw wrong(path, "no list of class names", "one");
  const budget = new Budget(path, DataError);
  budget.check("entries", classes.length, "its classes");
  if (!isRecord(splits)) throw wrong(path, "no splits", "lists of shards by split");
  for (const [split, shards] of Object.entries(splits)) {
    if (!isList(shards, isShardEntry)) throw wrong(path, `shards of ${split} that are none`, "file, samples, bytes");
    budget.spend("entries", shards.length, "its shards");
  }
  return { classes, resized: (resized ?? null) as SetIndex["resized"], splits: splits as SetIndex["splits"] };
}

/** Reads a shard's index and checks that every entry lies in the tar and has a known class. */
export function readShardIndex(path: string, classCount: number): ShardIndex {
  const json = readJson(path);
  const { bytes, madeFrom, names, offsets, sizes, labels } = json;
  if (!isCount(bytes) || !isText(madeFrom)) throw wrong(path, "no size of its tar file", "one");
  if (!isList(names, isText) || !isList(offsets, isCount) || !isList(sizes, isCount) || !isList(labels, isCount))
    throw wrong(path, "lists that are missing or hold other things", "names, offsets, sizes and labels");
  const count = names.length;
  new Budget(path, DataError).check("samples", count);
  if (offsets.length !== count || sizes.length !== count || labels.length !== count) {
    const lengths = [count, offsets.length, sizes.length, labels.length].join(", ");
    throw wrong(path, `lists of ${lengths} elements`, "as many names as offsets, sizes and labels");
  }
  const out = offsets.findIndex((offset, i) => offset < 512 || offset + sizes[i]! > bytes);
  if (out >= 0) throw wrong(path, `${names[out]} at byte ${offsets[out]} of ${bytes}`, "entries inside the tar file");
  const odd = labels.findIndex((label) => label >= classCount);
  if (odd >= 0) throw wrong(path, `label ${labels[odd]} of ${names[odd]}`, `0 to ${classCount - 1}`);
  return { bytes, madeFrom, names, offsets, sizes, labels };
}

function readJson(path: string): Record<string, unknown> {
  const unreadable = (why: string) => wrong(path, `not readable as JSON (${why})`, "an index that prepare wrote");
  let bytes: Uint8Array;
  try {
    bytes = readWithin(path, "jsonBytes", { fault: DataError });
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw unreadable(cause instanceof Error ? cause.message : String(cause));
  }
  const json = parseJson(bytes, path, DataError, unreadable);
  if (!isRecord(json)) throw wrong(path, "not a JSON object", "an index that prepare wrote");
  return json;
}

const wrong = (path: string, came: string, expected: string): DataError =>
  new DataError(`${path}: ${came}, expected ${expected}`, "the index is damaged; make the shards anew with prepare");

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** A name in the same folder; a NUL ends names for the system. */
const isTarName = (value: unknown): boolean => isText(value) && /^[^/\\\0]{1,250}\.tar(\.gz)?$/.test(value);
const isShardEntry = (value: unknown): value is ShardEntry =>
  isRecord(value) && isTarName(value.file) && isCount(value.samples) && isCount(value.bytes);
function isList<T>(value: unknown, isElement: (element: unknown) => element is T): value is T[] {
  return Array.isArray(value) && value.every(isElement);
}
