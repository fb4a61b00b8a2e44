/**
 * A file as bytes, refused before it is read where it is larger than the budget, or endless. Node only.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Budget, type BudgetName, type Fault } from "./budget.js";
import { namingPathSync } from "./io-error.js";

/** Of a pipe. */
const CHUNK_BYTES = 1 << 20;

/** Where a limit counts whole files. */
export type SizeLimit = Extract<BudgetName, "fileBytes" | "textBytes" | "jsonBytes">;

export interface ReadWithinOptions {
  /** What errors are made of. */
  readonly fault: Fault;
  /** Gets the first and last bytes of a regular file, up to 1 MiB, and its size; throws where the rest is not worth reading. */
  readonly inspect?: (head: Uint8Array, tail: Uint8Array, size: number) => void;
}

/**
 * The bytes of a file, or of a pipe to its end. Throws the system's error where it cannot be read, `fault` for a device and for more than
 * `limit` allows.
 */
export function readWithin(path: string, limit: SizeLimit, { fault, inspect }: ReadWithinOptions): Uint8Array {
  const file = openSync(path, "r");
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory())
      throw Object.assign(new Error(`EISDIR: illegal operation on a directory, read '${path}'`), {
        code: "EISDIR",
        path,
      });
    if (stat.isCharacterDevice() || stat.isBlockDevice()) throw new fault(`${path}: a device, expected a file`);
    const budget = new Budget(path, fault);
    // files of /proc say 0, and pipes
    const size = stat.isFile() && stat.size > 0 ? stat.size : null;
    if (size !== null) budget.check(limit, size);
    const head = new Uint8Array(Math.min(CHUNK_BYTES, size ?? CHUNK_BYTES));
    const fillFrom = (into: Uint8Array) => namingPathSync(path, () => fill(file, into));
    const first = head.subarray(0, fillFrom(head));
    if (size !== null)
      inspect?.(
        first,
        namingPathSync(path, () => lastBytes(file, first, size)),
        size,
      );
    if (size === null) return namingPathSync(path, () => toTheEnd(file, first, (bytes) => budget.spend(limit, bytes)));
    if (first.length === size) return first;
    const whole = new Uint8Array(size);
    whole.set(first);
    return whole.subarray(0, first.length + fillFrom(whole.subarray(first.length)));
  } finally {
    closeSync(file);
  }
}

function lastBytes(file: number, first: Uint8Array, size: number): Uint8Array {
  if (size <= first.length) return first;
  const tail = new Uint8Array(Math.min(CHUNK_BYTES, size));
  return tail.subarray(0, readSync(file, tail, 0, tail.length, size - tail.length));
}

function toTheEnd(file: number, first: Uint8Array, spend: (bytes: number) => void): Uint8Array {
  const pieces = [first];
  for (let last = first; last.length > 0; ) {
    spend(last.length);
    const piece = new Uint8Array(CHUNK_BYTES);
    last = piece.subarray(0, fill(file, piece));
    pieces.push(last);
  }
  return Buffer.concat(pieces);
}

/** More in one call is more than systems take. */
const MOST_AT_ONCE = 2 ** 30;

/** Fills `into` as far as there is something; how much there was. */
function fill(file: number, into: Uint8Array): number {
  let got = 0;
  while (got < into.length) {
    const count = readSync(file, into, got, Math.min(MOST_AT_ONCE, into.length - got), null);
    if (count === 0) break;
    got += count;
  }
  return got;
}

/** The text of a file, as UTF-8. Throws as readWithin does. */
export const readTextWithin = (path: string, limit: SizeLimit, fault: Fault): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(readWithin(path, limit, { fault }));
