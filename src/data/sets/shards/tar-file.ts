/**
 * A tar file open for reading: on disk, or, where it is compressed, unpacked in memory, which suits sets of some megabytes. Node
 * only.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface TarFile {
  /** Fills `into` from byte `position` of the tar on; the number of bytes there were. */
  read(into: Uint8Array, position: number): number;
  close(): void;
}

/** What a compressed shard may unpack to: ordinary shards are read where they are. */
const MAX_UNPACKED_BYTES = 2 ** 30;

export const isCompressed = (path: string): boolean => path.endsWith(".gz");

/** Opens a shard. Throws the system's error, or zlib's for damaged data. */
export function openTar(path: string): TarFile {
  if (isCompressed(path)) return unpacked(gunzipSync(readFileSync(path), { maxOutputLength: MAX_UNPACKED_BYTES }));
  const file = openSync(path, "r");
  return { read: (into, position) => readFully(file, into, position), close: () => closeSync(file) };
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
