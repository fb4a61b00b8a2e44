/** Archives as torch.save lays them out: members stored as they are, payloads aligned for memory maps. */

import { crc32 } from "../../util/crc32.js";
import { CheckpointError } from "../../util/errors.js";
import { CENTRAL, CENTRAL_BYTES, END, END_BYTES, LOCAL, LOCAL_BYTES, SEE_ZIP64, STORED } from "./zip-format.js";

/** What a writer knows of a member. */
export interface ZipPiece {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** PyTorch maps payloads into memory, and so wants them at multiples of this. */
const ALIGNMENT = 64;
/** "FB", the extra field that PyTorch pads with. */
const PADDING_EXTRA = 0x4246;
const PADDING_BYTE = 0x5a;
/** Bit 11 of the flags: names are UTF-8. */
const UTF8_NAMES = 0x0800;
/** 1980-01-01: files do not depend on the clock. */
const DATE = 0x0021;
const VERSION = 20;

/** A stored, aligned archive. Equal pieces give equal bytes. Throws CheckpointError from 4 GiB on. */
export function writeZip(pieces: readonly ZipPiece[]): Uint8Array {
  const encoder = new TextEncoder();
  let at = 0;
  const members = pieces.map(({ name, bytes }) => {
    const path = encoder.encode(name);
    const localAt = at;
    const unpadded = localAt + LOCAL_BYTES + path.length + 4;
    const padding = (ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT;
    const dataAt = unpadded + padding;
    at = dataAt + bytes.length;
    return { path, bytes, localAt, dataAt, padding, crc: crc32(bytes) };
  });
  const directoryAt = at;
  const directoryBytes = members.reduce((sum, { path }) => sum + CENTRAL_BYTES + path.length, 0);
  const total = directoryAt + directoryBytes + END_BYTES;
  if (total >= SEE_ZIP64)
    throw new CheckpointError(`zip: the file would have ${total} bytes, expected less than 4 GiB`);
  const file = new Uint8Array(total);
  const view = new DataView(file.buffer);
  // version, flags, method, time, date, checksum, both sizes and the name's length: the same in both kinds of header
  const common = (start: number, { crc, bytes, path }: (typeof members)[number]): void => {
    const shorts = [VERSION, UTF8_NAMES, STORED, 0, DATE];
    shorts.forEach((value, i) => {
      view.setUint16(start + 2 * i, value, true);
    });
    view.setUint32(start + 10, crc, true);
    view.setUint32(start + 14, bytes.length, true);
    view.setUint32(start + 18, bytes.length, true);
    view.setUint16(start + 22, path.length, true);
  };
  let entryAt = directoryAt;
  for (const member of members) {
    const { path, bytes, localAt, dataAt, padding } = member;
    view.setUint32(localAt, LOCAL, true);
    common(localAt + 4, member);
    view.setUint16(localAt + 28, padding + 4, true);
    file.set(path, localAt + LOCAL_BYTES);
    const extraAt = localAt + LOCAL_BYTES + path.length;
    view.setUint16(extraAt, PADDING_EXTRA, true);
    view.setUint16(extraAt + 2, padding, true);
    file.fill(PADDING_BYTE, extraAt + 4, dataAt);
    file.set(bytes, dataAt);
    view.setUint32(entryAt, CENTRAL, true);
    view.setUint16(entryAt + 4, VERSION, true);
    common(entryAt + 6, member);
    view.setUint32(entryAt + 42, localAt, true);
    file.set(path, entryAt + CENTRAL_BYTES);
    entryAt += CENTRAL_BYTES + path.length;
  }
  view.setUint32(entryAt, END, true);
  view.setUint16(entryAt + 8, members.length, true);
  view.setUint16(entryAt + 10, members.length, true);
  view.setUint32(entryAt + 12, directoryBytes, true);
  view.setUint32(entryAt + 16, directoryAt, true);
  return file;
}
