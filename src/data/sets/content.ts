/**
 * What a picture's file holds, as a digest: the same bytes are the same picture, whatever they are called. Node only.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { fileStatus } from "../../util/file-status.js";
import { sha256 } from "../../util/sha256.js";
import { PictureFiles, type PictureSource, sourceName } from "./picture-source.js";

/** A digest for each file as it was when it was read: train and val of one data set are opened one after the other. */
const known = new Map<string, string>();
/** Bytes that tell most pictures of equal size apart. */
const HEAD_BYTES = 4096;

/** Bytes of a picture's file; -1 where there is none. */
export const sizeOf = ({ path, entry }: PictureSource): number => entry?.bytes ?? fileStatus(path)?.size ?? -1;

/** SHA-256 of the picture's bytes; of its name, and so nobody else's, where they cannot be read. */
export function contentHash(source: PictureSource, files: PictureFiles): string {
  const { path, entry } = source;
  const found = fileStatus(path);
  const key = `${sourceName(source)} ${entry?.offset ?? ""} ${found?.size} ${found?.mtimeMs}`;
  const former = known.get(key);
  if (former !== undefined) return former;
  let hash: string;
  try {
    hash = sha256(files.bytesOf(source));
  } catch {
    hash = sha256(new TextEncoder().encode(`unreadable ${sourceName(source)}`));
  }
  known.set(key, hash);
  return hash;
}

/** SHA-256 of every picture, in order. */
export function contentHashes(sources: readonly PictureSource[]): string[] {
  const files = new PictureFiles(0);
  const hashes = sources.map((source) => contentHash(source, files));
  files.close();
  return hashes;
}

/** The first bytes of a file, as text; entries of shards are told apart by their whole content. */
function headOf({ path, entry }: PictureSource): string {
  if (entry) return "";
  const bytes = Buffer.alloc(HEAD_BYTES);
  try {
    const file = openSync(path, "r");
    try {
      return bytes.subarray(0, readSync(file, bytes, 0, HEAD_BYTES, 0)).toString("latin1");
    } finally {
      closeSync(file);
    }
  } catch {
    return `unreadable ${path}`;
  }
}

/** Groups of two and more by `keyOf`, in the order of their first. */
function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string | number): T[][] {
  const groups = new Map<string | number, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Pictures whose bytes are equal, in groups: sizes are compared first, then the first bytes, and only then is all read. */
export function equalPictures<S extends PictureSource>(sources: readonly S[]): S[][] {
  const files = new PictureFiles(0);
  const groups = groupsOf(sources, sizeOf)
    .filter(([first]) => sizeOf(first!) > 0)
    .flatMap((group) => groupsOf(group, headOf))
    .flatMap((group) => groupsOf(group, (source) => contentHash(source, files)));
  files.close();
  return groups;
}
