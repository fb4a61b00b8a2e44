/**
 * A value that is always whole in storage: two files in turn, each with a number that rises and the SHA-256 of its bytes. What is cut
 * off while it is written leaves the one before it.
 */
import type { ProjectFiles } from "./files.js";

/** "tso1", little-endian. */
const MAGIC = 0x316f7374;
/** Magic, then the hash of all behind it: generation and value. */
const MAGIC_BYTES = 4;
const HASH = 32;
const AT = MAGIC_BYTES + HASH;
const GENERATION = 4;

const digest = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
  // without it, in pages that are not secure, there is no storage that could cut a file off either
  globalThis.crypto.subtle ? new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)) : new Uint8Array(HASH);

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

interface Found {
  readonly generation: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One value by name. */
export class Sealed {
  readonly #files: ProjectFiles;
  readonly #name: string;
  /** Of what is known to be whole; -1: not looked at. */
  #generation = -1;

  constructor(files: ProjectFiles, name: string) {
    this.#files = files;
    this.#name = name;
  }

  #place(generation: number): string {
    return `${this.#name}.${generation & 1}`;
  }

  async #look(place: number): Promise<Found | null> {
    const file = await this.#files.read(this.#place(place));
    if (file === null || file.length < AT + GENERATION) return null;
    const view = new DataView(file.buffer, file.byteOffset);
    if (view.getUint32(0, true) !== MAGIC) return null;
    const isWhole = isEqual(await digest(file.subarray(AT)), file.subarray(MAGIC_BYTES, AT));
    return isWhole ? { generation: view.getUint32(AT, true), bytes: file.slice(AT + GENERATION) } : null;
  }

  /** The newest whole value; null where there is none. */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const found = [await this.#look(0), await this.#look(1)].filter((one) => one !== null);
    const newest = found.sort((a, b) => b.generation - a.generation)[0];
    this.#generation = newest?.generation ?? 0;
    return newest?.bytes ?? null;
  }

  /** Throws a QuotaExceededError; the value before is there then. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#generation < 0) await this.read();
    const generation = this.#generation + 1;
    const file = new Uint8Array(AT + GENERATION + bytes.length);
    const view = new DataView(file.buffer);
    view.setUint32(0, MAGIC, true);
    view.setUint32(AT, generation, true);
    file.set(bytes, AT + GENERATION);
    file.set(await digest(file.subarray(AT)), MAGIC_BYTES);
    await this.#files.write(this.#place(generation), file);
    this.#generation = generation;
  }

  async remove(): Promise<void> {
    await this.#files.remove(this.#place(0));
    await this.#files.remove(this.#place(1));
    this.#generation = 0;
  }
}
