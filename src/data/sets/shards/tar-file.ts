/**
 * A tar file open for reading: on disk, or, where it is compressed, unpacked in memory, which suits sets of some megabytes. Node
 * only.
 */
import { constants } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Budget, getBudget } from "../../../util/budget.js";
import { DataError } from "../../../util/errors.js";
import { namingPathSync } from "../../../util/io-error.js";
import { readWithin } from "../../../util/read-within.js";

export interface TarFile {
  /** Fills `into` from byte `position` of the tar on; the number of bytes there were. */
  read(into: Uint8Array, position: number): number;
  close(): void;
}

export const isCompressed = (path: string): boolean => path.endsWith(".gz");

/** Opens a shard. Throws the system's error, zlib's for damaged data, DataError for a compressed one above the budget. */
export function openTar(path: string): TarFile {
  if (isCompressed(path)) return unpacked(inflate(path));
  const file = openSync(path, "r");
  const read = (into: Uint8Array, position: number) => namingPathSync(path, () => readFully(file, into, position));
  return { read, close: () => closeSync(file) };
}

function inflate(path: string): Uint8Array {
  const { inflatedBytes: most } = getBudget();
  const compressed = readWithin(path, "fileBytes", { fault: DataError });
  try {
    return gunzipSync(compressed, { maxOutputLength: Math.min(most, constants.MAX_LENGTH), chunkSize: 2 ** 20 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      new Budget(path, DataError).check("inflatedBytes", Number.POSITIVE_INFINITY);
    throw error;
  }
}

function unpacked(tar: Uint8Array): TarFile {
  return {
    read(into, position) {
      const found = tar.subarray(position, position + into.length);
      into.set(found);
      return found.length;
    },
    close() {
      // the garbage collector does it
    },
  };
}

/** Fills `into` from `position` on; the number of bytes there were. */
export function readFully(file: number, into: Uint8Array, position: number): number {
  let got = 0;
  while (got < into.length) {
    const count = readSync(file, into, got, into.length - got, position + got);
    if (count === 0) break;
    got += count;
  }
  return got;
}
