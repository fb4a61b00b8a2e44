/**
 * Where downloaded weights are kept: a folder for each address in the user's cache, with the file and what is known of it.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { RemoteFile } from "./address.js";

/** Longer than any name in use, shorter than every file system's limit of 255 bytes. */
const MAX_NAME = 120;

export interface CacheEntry {
  readonly folder: string;
  /** The whole file. */
  readonly file: string;
  /** What has come of it so far. */
  readonly part: string;
  /** JSON of CacheRecord, of `file` or of `part`. */
  readonly record: string;
}

/** What is known of a file, or of a part of one. */
export interface CacheRecord {
  readonly url: string;
  /** The server's name for these bytes; null where it has none, and a part cannot be gone on with. */
  readonly etag: string | null;
  /** Of the whole file; null where the server does not say. */
  readonly bytes: number | null;
  /** Of the whole file, once it is there. */
  readonly sha256: string | null;
}

/** The places of a file: equal addresses share them, others never do. */
export function cacheEntry(cache: string, { url, fileName }: Pick<RemoteFile, "url" | "fileName">): CacheEntry {
  const digest = createHash("sha256").update(url).digest("hex").slice(0, 16);
  const folder = join(cache, "weights", digest);
  const name = fileName
    .replace(/[^\w.@+-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(-MAX_NAME);
  return { folder, file: join(folder, name), part: join(folder, `${name}.part`), record: join(folder, "record.json") };
}
