/**
 * A file from the web into the cache: what came before a break is kept and gone on with, the hash is compared before the file
 * takes its name, and two processes that want the same file harm nothing.
 */
import { createHash, type Hash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { writeFileAtomic } from "../util/atomic-file.js";
import { Budget } from "../util/budget.js";
import { CheckpointError } from "../util/errors.js";
import { hashFile } from "../util/file-hash.js";
import { fileStatus } from "../util/file-status.js";
import { parseJson } from "../util/parse-json.js";
import { readWithin } from "../util/read-within.js";
import type { RemoteFile } from "./address.js";
import { type Answer, ask, type Part, SILENCE_MS } from "./answer.js";
import type { CacheEntry, CacheRecord } from "./cache.js";
import { lock } from "./lock.js";

/** How often a body that breaks off is gone on with. */
const ATTEMPTS = 3;

export interface DownloadOptions {
  /** Bytes so far, and of the whole file; null where the server does not say. */
  readonly onProgress?: (doneBytes: number, totalBytes: number | null) => void;
  /** Milliseconds without a byte after which a server is given up. */
  readonly silenceMs?: number;
}

async function readRecord(path: string): Promise<CacheRecord | null> {
  try {
    const notJson = (why: string) => new CheckpointError(`${path}: ${why}`);
    const bytes = readWithin(path, "jsonBytes", { fault: CheckpointError });
    return parseJson(bytes, path, CheckpointError, notJson) as CacheRecord;
  } catch {
    return null;
  }
}

const sizeOf = (path: string): number | null => fileStatus(path)?.size ?? null;

/** The cached file of an address, its bytes checked against their hash; null where there is none, or a damaged one. */
export async function cached(entry: CacheEntry): Promise<CacheRecord | null> {
  const record = await readRecord(entry.record);
  if (record?.sha256 == null || record.bytes === null || sizeOf(entry.file) !== record.bytes) return null;
  return (await hashFile(entry.file)).digest("hex") === record.sha256 ? record : null;
}

/** A part that a server can go on with. */
async function findPart(entry: CacheEntry, url: string): Promise<Part | null> {
  const from = sizeOf(entry.part);
  const record = await readRecord(entry.record);
  return from && record?.url === url && record.etag !== null ? { from, etag: record.etag } : null;
}

/**
 * Downloads the file into its entry and returns what is known of it. Throws CheckpointError, one line, for everything that
 * ask() refuses, a body that stays short, a silent server and another hash than the stated one; a part of a file stays for the
 * next time unless its hash is wrong.
 */
export async function download(
  file: RemoteFile,
  entry: CacheEntry,
  options: DownloadOptions = {},
): Promise<CacheRecord> {
  await mkdir(entry.folder, { recursive: true });
  const unlock = await lock(entry);
  try {
    // another process may have brought it while this one waited
    const kept = await cached(entry);
    if (kept !== null) return kept;
    let problem: CheckpointError | null = null;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const result = await transfer(file, entry, options);
      if (!(result instanceof CheckpointError)) return result;
      problem = result;
    }
    throw problem!;
  } finally {
    await unlock();
  }
}

/** One request; the error is returned where another request may help. */
async function transfer(
  file: RemoteFile,
  entry: CacheEntry,
  { onProgress, silenceMs = SILENCE_MS }: DownloadOptions,
): Promise<CacheRecord | CheckpointError> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silenceMs);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), silenceMs);
  };
  const found = await findPart(entry, file.url);
  try {
    let answer = await ask(file, found, silence.signal);
    // a part of other bytes
    if (found !== null && answer.from > 0 && answer.etag !== found.etag) {
      await answer.response.body?.cancel().catch(() => {});
      await rm(entry.part, { force: true });
      answer = await ask(file, null, silence.signal);
    }
    const { from, bytes, etag } = answer;
    const hash = createHash("sha256");
    // a part that is gone on with is whole up to there
    if (from > 0) await hashFile(entry.part, hash);
    await writeFileAtomic(entry.record, `${JSON.stringify({ url: file.url, etag, bytes, sha256: null })}\n`);
    const received = await receive(file, answer, entry, hash, (done) => {
      alive();
      onProgress?.(done, bytes);
    });
    if (received instanceof CheckpointError) return received;
    return await accept(
      file,
      entry,
      { url: file.url, etag, bytes: received, sha256: hash.digest("hex") },
      answer.sha256,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** The body to the end of the part; the size of the part then. */
async function receive(
  file: RemoteFile,
  { response, from, bytes }: Answer,
  { part }: CacheEntry,
  hash: Hash,
  onBytes: (done: number) => void,
): Promise<number | CheckpointError> {
  const budget = new Budget(file.spec, CheckpointError);
  budget.check("fileBytes", bytes ?? 0);
  let done = from;
  let out: FileHandle | null = null;
  try {
    out = await open(part, from > 0 ? "a" : "w");
    if (response.body !== null && response.status !== 416)
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        // a server that does not say how much it has may go on for ever
        budget.check("fileBytes", done + piece.length);
        await out.writeFile(piece);
        hash.update(piece);
        done += piece.length;
        onBytes(done);
      }
    await out.sync();
  } catch (error) {
    if (error instanceof CheckpointError) {
      // what is beyond the budget is not gone on with
      await rm(part, { force: true });
      throw error;
    }
    if (
      typeof (error as NodeJS.ErrnoException).syscall === "string" &&
      (error as NodeJS.ErrnoException).code !== "ECONNRESET"
    )
      throw new CheckpointError(`${file.spec}: ${part} cannot be written (${(error as Error).message})`);
    return broken(file, done, bytes);
  } finally {
    await out?.close();
  }
  if (bytes !== null && done !== bytes) return broken(file, done, bytes);
  return done;
}

const broken = (file: RemoteFile, done: number, bytes: number | null): CheckpointError =>
  new CheckpointError(
    `${file.spec}: the transfer ends after ${done} of ${bytes ?? "unknown many"} bytes`,
    "the same command goes on from there",
  );

/** Gives the part its name. */
async function accept(
  file: RemoteFile,
  entry: CacheEntry,
  record: CacheRecord,
  stated: string | null,
): Promise<CacheRecord> {
  const expected = file.sha256 ?? stated;
  const start = await startOf(entry.part);
  if (/^\s*</.test(start)) {
    await rm(entry.part, { force: true });
    throw new CheckpointError(`${file.spec}: an HTML or XML page, expected weights`, "check the address in a browser");
  }
  if (expected !== null && !record.sha256!.startsWith(expected)) {
    await rm(entry.part, { force: true });
    throw new CheckpointError(
      `${file.spec}: SHA-256 ${record.sha256!.slice(0, 16)}… of what came, expected ${expected.slice(0, 16)}${expected.length > 16 ? "…" : ""}`,
      "the file has changed, or was changed on its way; it is not kept",
    );
  }
  await rename(entry.part, entry.file);
  await writeFileAtomic(entry.record, `${JSON.stringify(record)}\n`);
  return record;
}

async function startOf(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead).toString("latin1");
  } finally {
    await file.close();
  }
}
