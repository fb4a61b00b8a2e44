/**
 * Where the bytes of a picture are, and getting them: a file of its own, or an entry of a tar shard whose place an index
 * knows. Small sets stay in memory after their first reading. Decodes nothing. Node only.
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { DataError } from "../../util/errors.js";
import { namingPathSync } from "../../util/io-error.js";
import { BLOCK_BYTES, nameInHeader, readHeader } from "./shards/tar.js";
import { openTar, readFully, type TarFile } from "./shards/tar-file.js";
import { isSound, type Stretch } from "./shards/tar-stretches.js";

/** A picture on disk; with `entry`, `path` is a tar file and the picture a part of it. */
export interface PictureSource {
  readonly path: string;
  readonly entry?: TarPlace;
  /** Where it came by another way than from a disk, its bytes: `path` is what errors call it. */
  readonly bytes?: Uint8Array;
}

/** An entry of a tar file: its name, and where its data begins. */
export interface TarPlace {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  /** What its hash was taken of; absent where the shard has none. */
  readonly stretch?: Stretch;
}

/** How errors call a picture. */
export const sourceName = ({ path, entry }: PictureSource): string => (entry ? `${path}(${entry.name})` : path);

/** Pictures of a data set smaller than this stay in memory; a larger set is not kept at all. */
const DEFAULT_CACHE_BYTES = 64 * 2 ** 20;
/** Shards that stay open; ImageNet has some 160 of a gigabyte. */
const MAX_OPEN_SHARDS = 256;

const DAMAGED_HINT = "the shard is not the one its index was made for; make the shards anew, or copy them again";

/** Reads pictures of one data set. Close it when done: shards stay open. */
export class PictureFiles {
  readonly #cacheBytes: number;
  #kept: Map<string, Uint8Array> | undefined = new Map();
  readonly #shards = new Map<string, TarFile>();
  #sumBytes = 0;

  constructor(cacheBytes = DEFAULT_CACHE_BYTES) {
    this.#cacheBytes = cacheBytes;
  }

  /** Bytes of the pictures that are kept in memory; never more than the limit. */
  get keptBytes(): number {
    return this.#kept === undefined ? 0 : this.#sumBytes;
  }

  /** The picture's bytes, not to be written to. Throws DataError naming the picture. */
  bytesOf(source: PictureSource): Uint8Array {
    if (source.bytes !== undefined) return source.bytes;
    if (this.#kept === undefined) return this.#read(source);
    const key = sourceName(source);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const bytes = this.#read(source);
    if (this.#sumBytes + bytes.length > this.#cacheBytes) this.#kept = undefined;
    else this.#sumBytes += bytes.length;
    this.#kept?.set(key, bytes);
    return bytes;
  }

  /** Closes the shards and forgets what was kept; it can be used again. */
  close(): void {
    for (const tar of this.#shards.values()) tar.close();
    this.#shards.clear();
    this.#kept = new Map();
    this.#sumBytes = 0;
  }

  #read(source: PictureSource): Uint8Array {
    try {
      return source.entry === undefined ? readWhole(source.path) : this.#readEntry(source, source.entry);
    } catch (cause) {
      if (cause instanceof DataError) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new DataError(
        `${sourceName(source)}: cannot be read (${message}), expected a picture`,
        "is the data set complete?",
      );
    }
  }

  /** Data and the header before it in one read, and where it has a hash all that this was taken of: damage is noticed. */
  #readEntry(source: PictureSource, { name, offset, bytes, stretch }: TarPlace): Uint8Array {
    const start = offset - BLOCK_BYTES;
    const { begin, end } = stretch ?? { begin: start, end: offset + bytes };
    const found = new Uint8Array(end - begin);
    if (this.#openShard(source.path).read(found, begin) < found.length)
      throw new DataError(
        `${sourceName(source)}: the tar file ends too early, expected ${bytes} bytes from byte ${offset}`,
        DAMAGED_HINT,
      );
    if (stretch && !isSound(found, stretch))
      throw new DataError(
        `${sourceName(source)}: bytes ${begin} to ${end - 1} of the tar file do not match their hash`,
        DAMAGED_HINT,
      );
    const both = found.subarray(start - begin, offset + bytes - begin);
    const header = readHeader(both.subarray(0, BLOCK_BYTES));
    if (header === undefined || header.bytes !== bytes || header.name !== nameInHeader(name)) {
      const found = header === undefined ? "no tar header" : `${header.name} of ${header.bytes} bytes`;
      throw new DataError(
        `${sourceName(source)}: ${found} at byte ${start}, expected ${name} of ${bytes} bytes`,
        DAMAGED_HINT,
      );
    }
    return both.subarray(BLOCK_BYTES);
  }

  #openShard(path: string): TarFile {
    const open = this.#shards.get(path);
    if (open !== undefined) return open;
    if (this.#shards.size >= MAX_OPEN_SHARDS) {
      const [oldest, tar] = this.#shards.entries().next().value!;
      this.#shards.delete(oldest);
      tar.close();
    }
    const tar = openTar(path);
    this.#shards.set(path, tar);
    return tar;
  }
}

/** A whole file; not opened as it comes, since a pipe of that name would hold the reader for ever. */
function readWhole(path: string): Uint8Array {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) {
      const kind = stat.isDirectory() ? "a folder" : "a pipe, a socket or a device";
      throw new DataError(`${path}: cannot be read (it is ${kind}), expected a picture`, "remove it from the data set");
    }
    const bytes = new Uint8Array(stat.size);
    return bytes.subarray(
      0,
      namingPathSync(path, () => readFully(file, bytes, 0)),
    );
  } finally {
    closeSync(file);
  }
}
