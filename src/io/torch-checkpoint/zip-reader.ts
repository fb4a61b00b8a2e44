/**
 * As much of reading ZIP as PyTorch's files need: stored members, found through the central directory because local headers
 * are followed by data descriptors and carry neither sizes nor checksums; ZIP64 for what is large. No compression:
 * torch.save has none, and a compressed member is refused by name.
 */

import { Budget } from "../../util/budget.js";
import { clipped } from "../../util/clipped.js";
import { crc32 } from "../../util/crc32.js";
import { CheckpointError } from "../../util/errors.js";
import { CENTRAL, CENTRAL_BYTES, findEnd, LOCAL, LOCAL_BYTES, SEE_ZIP64, STORED } from "./zip-format.js";

const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const END64_BYTES = 56;
const ZIP64_EXTRA = 0x0001;
const ENCRYPTED = 1;

interface Member {
  readonly isEncrypted: boolean;
  readonly isStored: boolean;
  readonly crc: number;
  readonly size: number;
  readonly localAt: number;
}

/** A directory of members; their bytes are looked at when asked for. */
export class ZipReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  readonly #members = new Map<string, Member>();
  /** Members that were read, and their bytes: no archive holds more than it has. */
  readonly #checked = new Set<string>();
  #readBytes = 0;

  /** Reads the directory. Throws CheckpointError, naming the file by `where`. */
  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
    this.#readDirectory();
  }

  get names(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** The bytes of a member, checked against their checksum, not copied; undefined where there is none of that name. */
  read(name: string): Uint8Array | undefined {
    const member = this.#members.get(name);
    if (!member) return undefined;
    const { localAt, size, crc, isStored, isEncrypted } = member;
    if (!isStored || isEncrypted)
      throw new CheckpointError(
        `${this.#where}: ${name} is ${isEncrypted ? "encrypted" : "compressed"}, expected members stored as they are`,
        "torch.save never does that: load the file in PyTorch and save it again",
      );
    this.#expect(localAt, LOCAL_BYTES, LOCAL, `the header of ${name}`);
    // the local header's own lengths: its padding is not in the directory
    const start =
      localAt + LOCAL_BYTES + this.#view.getUint16(localAt + 26, true) + this.#view.getUint16(localAt + 28, true);
    if (start + size > this.#bytes.length) throw this.#damaged(`${name} reaches past the end`);
    const data = this.#bytes.subarray(start, start + size);
    if (this.#checked.has(name)) return data;
    this.#checked.add(name);
    this.#readBytes += size;
    if (this.#readBytes > this.#bytes.length) throw this.#damaged("its members lie on each other");
    if (crc32(data) === crc) return data;
    if (crc !== 0) throw this.#damaged(`the checksum of ${name} does not fit`);
    throw this.#damaged(
      `the checksum of ${name} is 0, which does not fit`,
      "the file is damaged, or was written without checksums: torch.serialization.set_crc32_options(True), then save it again",
    );
  }

  #readDirectory(): void {
    const { at: first, count, end } = this.#findDirectory();
    const decoder = new TextDecoder();
    const budget = new Budget(this.#where, CheckpointError);
    budget.check("entries", count, "its directory");
    let at = first;
    for (let i = 0; i < count; i++) {
      this.#expect(at, CENTRAL_BYTES, CENTRAL, `entry ${i} of its directory`);
      const view = this.#view;
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
      const next = at + CENTRAL_BYTES + nameLength! + extraLength! + commentLength!;
      if (next > end) throw this.#damaged(`entry ${i} of its directory reaches past the end`);
      const nameAt = at + CENTRAL_BYTES;
      const name = decoder.decode(this.#bytes.subarray(nameAt, nameAt + nameLength!));
      budget.check("nameBytes", nameLength!, clipped(name));
      if (this.#members.has(name))
        throw this.#damaged(`${name} stands twice in its directory, expected each name once`, "write the file anew");
      this.#members.set(name, {
        isEncrypted: (view.getUint16(at + 8, true) & ENCRYPTED) !== 0,
        isStored: view.getUint16(at + 10, true) === STORED,
        crc: view.getUint32(at + 16, true),
        ...this.#sizeAndPlace(at, nameAt + nameLength!, extraLength!),
      });
      at = next;
    }
  }

  /** Size and offset of an entry, from its ZIP64 field where the 32-bit ones point there. */
  #sizeAndPlace(at: number, extraAt: number, extraLength: number): Pick<Member, "size" | "localAt"> {
    const view = this.#view;
    const narrow = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
    let wideAt = this.#findExtra(extraAt, extraLength);
    const wide = narrow.map((value) => {
      if (value !== SEE_ZIP64 || wideAt === null) return value;
      if (wideAt.at + 8 > wideAt.end) throw this.#damaged("a ZIP64 field is too short");
      const position = wideAt.at;
      wideAt = { at: position + 8, end: wideAt.end };
      return this.#uint64(position);
    });
    const [size, stored, localAt] = wide as [number, number, number];
    return { size: Math.min(size, stored), localAt };
  }

  #findExtra(at: number, length: number): { at: number; end: number } | null {
    for (let field = at; field + 4 <= at + length; ) {
      const end = field + 4 + this.#view.getUint16(field + 2, true);
      if (this.#view.getUint16(field, true) === ZIP64_EXTRA && end <= at + length) return { at: field + 4, end };
      field = end;
    }
    return null;
  }

  #findDirectory(): { at: number; count: number; end: number } {
    const end = findEnd(this.#bytes);
    if (end < 0) throw this.#damaged("it has no end record", "the file is truncated");
    const view = this.#view;
    let count = view.getUint16(end + 10, true);
    let size = view.getUint32(end + 12, true);
    let at = view.getUint32(end + 16, true);
    const locator = end - LOCATOR64_BYTES;
    const isWide = count === 0xffff || size === SEE_ZIP64 || at === SEE_ZIP64;
    if (isWide && locator >= 0 && view.getUint32(locator, true) === LOCATOR64) {
      const wide = this.#uint64(locator + 8);
      this.#expect(wide, END64_BYTES, END64, "its ZIP64 end record");
      [count, size, at] = [this.#uint64(wide + 32), this.#uint64(wide + 40), this.#uint64(wide + 48)];
    }
    if (at + size > end || count * CENTRAL_BYTES > size)
      throw this.#damaged(`its directory of ${count} entries reaches past the end`);
    return { at, count, end: at + size };
  }

  #uint64(at: number): number {
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#damaged(`the 64-bit number ${value} is out of range`);
    return Number(value);
  }

  #expect(at: number, bytes: number, signature: number, what: string): void {
    if (at + bytes > this.#bytes.length || this.#view.getUint32(at, true) !== signature)
      throw this.#damaged(`${what} is not where it should be`);
  }

  #damaged(problem: string, hint = "the file is damaged or truncated"): CheckpointError {
    return new CheckpointError(`${this.#where}: ${problem}`, hint);
  }
}
