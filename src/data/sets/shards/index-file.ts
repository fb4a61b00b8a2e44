/**
 * The two kinds of index beside the tar files, both JSON. `shards.json` says what the data set is: its classes and the shards
 * of each split; it is written last, so a folder that has it is complete. `train-000000.json` says where in its tar the
 * pictures are. Nothing in them is trusted before it is checked. Node only.
 */
import { Budget } from "../../../util/budget.js";
import { shownInError } from "../../../util/clipped.js";
import { DataError } from "../../../util/errors.js";
import { repeatedName } from "../../../util/json-names.js";
import { parseJson } from "../../../util/parse-json.js";
import { readWithin } from "../../../util/read-within.js";
import { readSealedJson, sealJson } from "../../../util/sealed-json.js";
import { sha256 } from "../../../util/sha256.js";
import type { PackFormat } from "./pack.js";
import { BLOCK_BYTES } from "./tar.js";

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
  /** Of the file, and of its own index; absent from shards of versions that wrote no hashes. */
  readonly sha256?: string;
  readonly indexSha256?: string;
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
  /** SHA-256 of the tar, unpacked; as `hashes` absent from shards of versions that wrote none. */
  readonly sha256?: string;
  /** Of each stretch of the tar (tar-stretches.ts), shortened. */
  readonly hashes?: readonly string[];
}

/** Name of a shard's tar file. */
export const shardFile = (split: string, shard: number): string => `${split}-${String(shard).padStart(6, "0")}.tar`;
/** Name of the index of a tar file. */
export const shardIndexFile = (tar: string): string => tar.replace(/\.tar(\.gz)?$/, ".json");

/** The text of shards.json, which ends with its own hash. */
export const writeSetIndex = (index: SetIndex): string =>
  sealJson({ format: FORMAT_NAME, version: FORMAT_VERSION, ...index }, 2);
export const writeShardIndex = (index: ShardIndex): string => `${JSON.stringify(index)}\n`;

/** Reads shards.json; throws DataError naming the file and what is wrong with it. */
export function readSetIndex(path: string): SetIndex {
  const damaged = (what: string) => wrong(path, what, "an index that prepare wrote");
  const { value: json, seal, problem } = readSealedJson(readIndex(path), path, DataError, damaged);
  if (problem !== null) throw damaged(problem);
  if (!isRecord(json)) throw damaged("not a JSON object");
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
  // without a hash the fields are those of versions that wrote none: another may be the name of one that was lost
  if (seal === null) expectFormer(path, json, splits);
  return { classes, resized: (resized ?? null) as SetIndex["resized"], splits: splits as SetIndex["splits"] };
}

const formerFields: ReadonlySet<string> = new Set(["format", "version", "classes", "resized", "splits"]);
const formerShardFields: ReadonlySet<string> = new Set(["file", "samples", "bytes"]);

function expectFormer(path: string, json: object, splits: object): void {
  const fields = Object.keys(json).filter((name) => !formerFields.has(name));
  const ofShards = (Object.values(splits) as object[][]).flat().flatMap((shard) => Object.keys(shard));
  const unknown = [...fields, ...ofShards.filter((name) => !formerShardFields.has(name))][0];
  if (unknown !== undefined)
    throw wrong(path, `${shownInError(unknown)} without the hash of the file`, "both or neither");
}

/**
 * Reads a shard's index and checks that it is what its hash was taken of, where there is one, and that every entry lies in the tar and has
 * a known class.
 */
export function readShardIndex(path: string, classCount: number, indexSha256?: string): ShardIndex {
  const json = readJson(path, indexSha256);
  const { bytes, madeFrom, names, offsets, sizes, labels, sha256: tarSha256, hashes } = json;
  if (!isCount(bytes) || !isText(madeFrom)) throw wrong(path, "no size of its tar file", "one");
  if (!isList(names, isText) || !isList(offsets, isCount) || !isList(sizes, isCount) || !isList(labels, isCount))
    throw wrong(path, "lists that are missing or hold other things", "names, offsets, sizes and labels");
  const count = names.length;
  new Budget(path, DataError).check("samples", count);
  if (offsets.length !== count || sizes.length !== count || labels.length !== count) {
    const lengths = [count, offsets.length, sizes.length, labels.length].join(", ");
    throw wrong(path, `lists of ${lengths} elements`, "as many names as offsets, sizes and labels");
  }
  const out = offsets.findIndex((offset, i) => offset < BLOCK_BYTES || offset + sizes[i]! > bytes);
  if (out >= 0) throw wrong(path, `${names[out]} at byte ${offsets[out]} of ${bytes}`, "entries inside the tar file");
  const odd = labels.findIndex((label) => label >= classCount);
  if (odd >= 0) throw wrong(path, `label ${labels[odd]} of ${names[odd]}`, `0 to ${classCount - 1}`);
  if (hashes === undefined && tarSha256 === undefined) return { bytes, madeFrom, names, offsets, sizes, labels };
  if (!isList(hashes, isText) || hashes.length !== count || !isText(tarSha256))
    throw wrong(path, "hashes that are none", `one of the tar file and ${count} of its samples`);
  const early = offsets.findIndex((offset, i) => i > 0 && offset - BLOCK_BYTES < offsets[i - 1]! + sizes[i - 1]!);
  if (early >= 0) throw wrong(path, `${names[early]} before the end of the sample before`, "samples in their order");
  return { bytes, madeFrom, names, offsets, sizes, labels, sha256: tarSha256, hashes };
}

function readIndex(path: string): Uint8Array {
  try {
    return readWithin(path, "jsonBytes", { fault: DataError });
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause));
  }
}

const unreadable = (path: string, why: string): DataError =>
  wrong(path, `not readable as JSON (${why})`, "an index that prepare wrote");

function readJson(path: string, hash: string | undefined): Record<string, unknown> {
  const bytes = readIndex(path);
  if (hash !== undefined && sha256(bytes) !== hash)
    throw wrong(path, `its SHA-256 is not the one in ${SET_INDEX_NAME}`, "an index that prepare wrote");
  const json = parseJson(bytes, path, DataError, (why) => unreadable(path, why));
  if (!isRecord(json)) throw wrong(path, "not a JSON object", "an index that prepare wrote");
  const twice = repeatedName(new TextDecoder().decode(bytes));
  if (twice !== undefined) throw wrong(path, `${shownInError(twice)} twice in an object`, "each name once");
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
const isHash = (value: unknown): boolean => isText(value) && /^[0-9a-f]{64}$/.test(value);
const isShardEntry = (value: unknown): value is ShardEntry =>
  isRecord(value) &&
  isTarName(value.file) &&
  isCount(value.samples) &&
  isCount(value.bytes) &&
  (value.sha256 === undefined || isHash(value.sha256)) &&
  (value.indexSha256 === undefined || isHash(value.indexSha256));
function isList<T>(value: unknown, isElement: (element: unknown) => element is T): value is T[] {
  return Array.isArray(value) && value.every(isElement);
}
