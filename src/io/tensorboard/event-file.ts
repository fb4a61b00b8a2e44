/**
 * A file of events: TFRecord's frames (tensorflow.org, "TFRecord and tf.train.Example"), one for each event. Events are whole
 * in the file, and with the operating system, when `append` has resolved: a process that is killed loses none of them.
 */
import { type FileHandle, mkdir, open, readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { crc32c } from "../../util/crc32.js";
import { namingPath } from "../../util/io-error.js";
import { type Event, encodeEvent } from "./schema.js";

const FILE_VERSION = "brain.Event:2";
const PREFIX = "events.out.tfevents.";
/** So that the check of bytes that hold checks is not itself a check (tensorflow/core/lib/hash/crc32c.h). */
const MASK_DELTA = 0xa282ead8;

const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;

/** A record: length (uint64), its masked CRC-32C, the bytes, their masked CRC-32C; little endian. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(record.subarray(0, 8))), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return record;
}

/** A new name that sorts after those of `folder`, in which order TensorBoard reads them, also where a clock was set back. */
async function nextName(folder: string, now: number): Promise<string> {
  const times = (await readdir(folder))
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => Number.parseInt(name.slice(PREFIX.length), 10))
    .filter(Number.isSafeInteger);
  const time = Math.max(Math.floor(now), ...times.map((one) => one + 1));
  const host = hostname().replace(/[^\w.-]/g, "-");
  return `${PREFIX}${String(time).padStart(10, "0")}.${host}.${process.pid}`;
}

/** Writes one file; earlier ones of the folder are left as they are. */
export class EventFile {
  readonly #file: FileHandle;
  readonly #now: () => number;

  private constructor(
    readonly path: string,
    file: FileHandle,
    now: () => number,
  ) {
    this.#file = file;
    this.#now = now;
  }

  /** A new file in `folder`, which is made where missing; `now` gives seconds since 1970. */
  static async create(folder: string, now: () => number): Promise<EventFile> {
    await mkdir(folder, { recursive: true });
    const path = join(folder, await nextName(folder, now()));
    const events = new EventFile(path, await open(path, "ax"), now);
    await events.append({ fileVersion: FILE_VERSION });
    return events;
  }

  async append(event: Omit<Event, "wallTime">): Promise<void> {
    const record = frameRecord(encodeEvent({ wallTime: this.#now(), ...event }));
    await namingPath(this.path, () => this.#file.appendFile(record));
  }

  async close(): Promise<void> {
    await namingPath(this.path, () => this.#file.sync());
    await this.#file.close();
  }
}
