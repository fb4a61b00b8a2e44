/**
 * Writing a file so that a reader, or a crash, sees the old bytes or the new ones and never half of each: a temporary file
 * in the same folder, flushed to the disk, takes the name in one rename. Node only.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { withPath } from "./io-error.js";

/** What a file is made of: one piece, several in order, or pieces that come as they are made. */
export type FileContent = Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Replaces `path` by `bytes` in one step; on failure the old file stays and nothing else is left. `beginning`, where it is given, is
 * asked once all is written, and takes the place of as many bytes at the file's begin: a header may hold what is only then known.
 */
export async function writeFileAtomic(path: string, bytes: FileContent, beginning?: () => Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryOf(path);
  try {
    const file = await open(temporary, "wx");
    try {
      for await (const piece of pieces(bytes)) await writeAll(file, piece);
      if (beginning) await file.write(beginning(), 0, null, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw ofFile(error, path, temporary);
  }
  await syncFolder(folder);
}

/** The same for a short text at once, for a process that is about to end. */
export function writeFileAtomicSync(path: string, text: string): void {
  const temporary = temporaryOf(path);
  try {
    const file = openSync(temporary, "wx");
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw ofFile(error, path, temporary);
  }
}

/** The system's error with the name that people know, where it has that of the temporary file or none. */
function ofFile(error: unknown, path: string, temporary: string): unknown {
  const named = withPath(error, path) as NodeJS.ErrnoException;
  if (named.path !== temporary) return named;
  named.message = named.message.replace(/ '.*$/s, ` '${path}'`);
  named.path = path;
  return named;
}

const temporaryOf = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);

function pieces(bytes: FileContent): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof bytes === "string") return [new TextEncoder().encode(bytes)];
  return bytes instanceof Uint8Array ? [bytes] : bytes;
}

/** One write may take less than it is given: 2 GiB at most, and less on a full disk. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(bytes.length - at, 1 << 30));
    at += bytesWritten;
  }
}

/** Makes the rename itself survive a power cut; systems that cannot open a folder (Windows) keep their own promise. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // the file itself is whole and in place
  }
}
