/**
 * The tar container, as much of it as shards need: plain files in POSIX ustar form, with a pax record where a name is long.
 * Layout of the 512-byte header: POSIX.1-2017, pax, "ustar Interchange Format". It touches no files.
 */
import { DataError } from "../../../util/errors.js";

/** Everything in a tar file comes in blocks of this size. */
export const BLOCK_BYTES = 512;

/** Two empty blocks end an archive. */
export const tarEnd: Uint8Array = new Uint8Array(2 * BLOCK_BYTES);

/** Places of a header's fields: [offset, length]. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
} as const satisfies Record<string, readonly [number, number]>;

/** Eleven octal digits. */
const MAX_BYTES = 8 ** 11 - 1;
const encoder = new TextEncoder();

/**
 * One file as it stands in an archive: [pax record,] header, data, padding. `dataOffset` is where the data begins within the
 * pieces. Same input, same bytes: owner and time are left empty.
 */
export function tarEntry(name: string, data: Uint8Array): { pieces: Uint8Array[]; dataOffset: number } {
  if (data.length > MAX_BYTES)
    throw new DataError(`tar: ${name} has ${data.length} bytes, expected at most ${MAX_BYTES}`);
  const nameBytes = encoder.encode(name);
  const isLong = nameBytes.length > fields.name[1];
  const extension = isLong ? paxEntry(nameBytes) : [];
  const header = makeHeader(nameBytes.subarray(0, fields.name[1]), data.length, "0");
  const before = [...extension, header];
  const dataOffset = before.reduce((sum, { length }) => sum + length, 0);
  return { pieces: [...before, data, padding(data.length)], dataOffset };
}

/** What a header block says, or undefined if it is none. Names longer than 100 bytes are cut. */
export function readHeader(block: Uint8Array): { readonly name: string; readonly bytes: number } | undefined {
  if (text(block, "magic").slice(0, 5) !== "ustar") return undefined;
  if (Number.parseInt(text(block, "checksum"), 8) !== checksum(block)) return undefined;
  const bytes = Number.parseInt(text(block, "size"), 8);
  return Number.isSafeInteger(bytes) ? { name: text(block, "name"), bytes } : undefined;
}

/** What readHeader gives as the name of an entry called `name`. */
export function nameInHeader(name: string): string {
  const kept = encoder.encode(name).subarray(0, fields.name[1]);
  return new TextDecoder().decode(kept);
}

function makeHeader(name: Uint8Array, bytes: number, type: string): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (field: keyof typeof fields, value: string) => block.set(encoder.encode(value), fields[field][0]);
  const octal = (field: keyof typeof fields, value: number) =>
    put(field, `${value.toString(8).padStart(fields[field][1] - 1, "0")}\0`);
  block.set(name, fields.name[0]);
  octal("mode", 0o644);
  octal("uid", 0);
  octal("gid", 0);
  octal("size", bytes);
  octal("mtime", 0);
  put("type", type);
  put("magic", "ustar\u000000");
  put("checksum", `${checksum(block).toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** A record "LENGTH path=NAME\n", whose length counts its own digits, as a file of type x before the one it is about. */
function paxEntry(name: Uint8Array): Uint8Array[] {
  const rest = encoder.encode(" path=").length + name.length + 1;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  const record = new Uint8Array(length);
  record.set(encoder.encode(`${length} path=`));
  record.set(name, length - 1 - name.length);
  record[length - 1] = 0x0a;
  return [makeHeader(encoder.encode("pax"), length, "x"), record, padding(length)];
}

const padding = (bytes: number): Uint8Array => new Uint8Array((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES);

/** The sum of all bytes, the checksum's own counted as spaces. */
function checksum(block: Uint8Array): number {
  const [start, length] = fields.checksum;
  return block.reduce((sum, byte, i) => sum + (i >= start && i < start + length ? 0x20 : byte), 0);
}

function text(block: Uint8Array, field: keyof typeof fields): string {
  const [start, length] = fields[field];
  const bytes = block.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
