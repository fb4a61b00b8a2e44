/**
 * A log.jsonl from where a reader stands, by whole lines. A run that goes on cuts its log and writes on, so a length alone does not say
 * whether a reader's place is still there: a cursor is a place and a checksum of what stood before it. Node only.
 */
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "../util/crc32.js";

/** Of the bytes before a place: some lines, whose times and losses no other run has. */
const CHECKED_BYTES = 4096;
/** Read at once. */
export const PIECE_BYTES = 1 << 20;
/** A longer line is none of a log's: what is behind it is never reached. */
const LONGEST_LINE = 1 << 24;
const LINE_END = 10;

/** Where a reader stands, as text: `OFFSET-CHECKSUM`. */
export type LogCursor = string;

const shape = /^(\d{1,15})-([0-9a-f]{8})$/;

/** Lines after a cursor. */
export interface LogPiece {
  /** Whole lines with their ends. */
  readonly text: string;
  readonly cursor: LogCursor;
  /** The log is no longer the one that the reader knew: `text` begins at its begin. */
  readonly isReset: boolean;
  /** Whether the log has more whole lines. */
  readonly hasMore: boolean;
}

async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const into = Buffer.alloc(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await file.read(into, got, length - got, offset + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return into.subarray(0, got);
}

async function checkOf(file: FileHandle, offset: number): Promise<string> {
  const length = Math.min(CHECKED_BYTES, offset);
  const bytes = await bytesAt(file, offset - length, length);
  return crc32(bytes).toString(16).padStart(8, "0");
}

/** The place of a cursor; null where the log is another one by now. */
async function placeOf(file: FileHandle, size: number, cursor: LogCursor): Promise<number | null> {
  const [, digits, check] = shape.exec(cursor) ?? [];
  const offset = Number(digits);
  if (digits === undefined || offset > size) return null;
  return (await checkOf(file, offset)) === check ? offset : null;
}

/**
 * The next lines of the log at `path`, one MiB at most unless a line is longer; from its begin without a cursor, or with one that is none.
 * Null where there is no log.
 */
export async function readLogFrom(path: string, cursor: LogCursor | null): Promise<LogPiece | null> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const known = cursor === null ? 0 : await placeOf(file, size, cursor);
    const from = known ?? 0;
    let bytes: Buffer = Buffer.alloc(0);
    let end = -1;
    for (let length = PIECE_BYTES; end < 0 && length <= LONGEST_LINE && bytes.length < size - from; length *= 2) {
      bytes = await bytesAt(file, from, Math.min(length, size - from));
      end = bytes.lastIndexOf(LINE_END);
      // cut short since its size was asked for
      if (bytes.length < Math.min(length, size - from)) break;
    }
    const offset = from + end + 1;
    return {
      text: bytes.toString("utf8", 0, end + 1),
      cursor: `${offset}-${await checkOf(file, offset)}`,
      isReset: known === null,
      hasMore: end >= 0 && from + bytes.length < size,
    };
  } finally {
    await file.close();
  }
}
