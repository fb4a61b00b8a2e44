/**
 * The safetensors container: 8 bytes of header length, a JSON header, the data (huggingface/safetensors, README
 * "Format"). Works on bytes; files are read elsewhere. A file is not trusted: every number of the header is checked
 * against what is there before anything is allocated.
 */
import { dtypeOf, dtypes } from "../tensor/dtype.js";
import { showShape, sizeOf } from "../tensor/shape.js";
import { alignUp } from "../util/align-up.js";
import { Budget } from "../util/budget.js";
import { byCodePoint } from "../util/by-code-point.js";
import { clipped, shownInError } from "../util/clipped.js";
import { CheckpointError } from "../util/errors.js";
import { repeatedName } from "../util/json-names.js";
import { parseJson } from "../util/parse-json.js";
import { codes, type ElementCode, isCode, rowOf } from "./element-codes.js";
import { foreignFile } from "./foreign-files.js";
import type { Values } from "./layout.js";
import { checkProof, type HashedEntry, proofOf, proofOfLength } from "./proof.js";

/** One tensor of a file. Decoded half precision is float32, 64-bit integers are int32 where all fit, else a BigInt64Array, bool is bytes of 0 and 1. */
export interface StoredTensor extends Values {
  /** The type in the file. Default for encoding: the array's own. */
  readonly code?: ElementCode;
}

/** Texts by name, as a safetensors file carries them in `__metadata__`. */
export type Metadata = Readonly<Record<string, string>>;

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
/** The one name that is not a tensor's. */
const METADATA = "__metadata__";
/** Above any file of ours; keeps a hostile shape from costing time. */
const LARGEST_RANK = 16;

/** How a file is written. */
export interface SafetensorsOptions {
  /** Hashes of every entry and of the metadata, which readers of this package check. Default false. */
  readonly hashes?: boolean;
}

/** The element type of an entry in a file. */
export const codeOf = ({ code, values }: StoredTensor): ElementCode => code ?? dtypes[dtypeOf(values)].safetensors;

/**
 * The bytes of a file. Entries keep their order, except that wider elements come first so that all are aligned, as the
 * reference implementation does; metadata is sorted. Equal input gives equal bytes.
 * Throws CheckpointError for a shape that does not hold its values.
 *
 * @example
 * ```ts
 * const bytes = io.encodeSafetensors(new Map([["x", { shape: [2], values: Float32Array.of(1, 2) }]]));
 * console.log(io.decodeSafetensors(bytes).entries.get("x")?.shape); // [2]
 * ```
 */
export function encodeSafetensors(
  entries: ReadonlyMap<string, StoredTensor>,
  metadata: Metadata = {},
  { hashes = false }: SafetensorsOptions = {},
): Uint8Array {
  const rows = placed(entries);
  const dataLength = rows.at(-1)?.end ?? 0;
  const unproven = headerOf(rows, { ...metadata, ...(hashes && proofOfLength(rows.length)) });
  const dataStart = LENGTH_BYTES + alignUp(unproven.length, ALIGNMENT);
  const file = new Uint8Array(dataStart + dataLength).fill(0x20, LENGTH_BYTES, dataStart);
  new DataView(file.buffer).setBigUint64(0, BigInt(dataStart - LENGTH_BYTES), true);
  for (const { name, entry, code, begin, end } of rows) {
    const { encode } = rowOf(code);
    if (!encode) throw new CheckpointError(`safetensors: ${name} asks to be written as ${code}, which is read only`);
    encode(entry.values, new DataView(file.buffer, dataStart + begin, end - begin));
  }
  const data = file.subarray(dataStart);
  file.set(
    hashes ? headerOf(rows, { ...metadata, ...proofOf(rows.map(hashedIn(data)), metadata) }) : unproven,
    LENGTH_BYTES,
  );
  return file;
}

interface PlacedEntry {
  readonly name: string;
  readonly entry: StoredTensor;
  readonly code: ElementCode;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Entries in the order of the file, each with its place in the data. */
function placed(entries: ReadonlyMap<string, StoredTensor>): PlacedEntry[] {
  const rows = [...entries].map(([name, entry]) => ({ name, entry, code: codeOf(entry), shape: entry.shape }));
  rows.sort((a, b) => codes[b.code].bytes - codes[a.code].bytes);
  let end = 0;
  return rows.map((row) => {
    const { name, entry, code } = row;
    if (name === METADATA) throw new CheckpointError(`safetensors: no tensor can be called ${METADATA}`);
    if (sizeOf(entry.shape) !== entry.values.length)
      throw new CheckpointError(
        `safetensors: ${name} has ${entry.values.length} values, shape ${showShape(entry.shape)} expects ${sizeOf(entry.shape)}`,
      );
    const begin = end;
    end += entry.values.length * codes[code].bytes;
    return { ...row, begin, end };
  });
}

function headerOf(rows: readonly PlacedEntry[], metadata: Metadata): Uint8Array {
  // pairs of text, since an object would move names such as "0" to its front
  const header: string[] = [];
  const declare = (name: string, value: unknown) => header.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (Object.keys(metadata).length > 0)
    declare(METADATA, Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => byCodePoint(a, b))));
  for (const { name, code, shape, begin, end } of rows)
    declare(name, { dtype: code, shape, data_offsets: [begin, end] });
  return new TextEncoder().encode(`{${header.join(",")}}`);
}

type Placed = Omit<HashedEntry, "bytes"> & { readonly begin: number; readonly end: number };

const hashedIn =
  (data: Uint8Array) =>
  ({ name, code, shape, begin, end }: Placed): HashedEntry => ({ name, code, shape, bytes: data.subarray(begin, end) });

interface HeaderRow {
  readonly name: string;
  readonly code: ElementCode;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What a safetensors file holds: tensors by name, and texts. */
export interface DecodedFile {
  readonly entries: Map<string, Required<StoredTensor>>;
  /** Without the hashes, which belong to the file. */
  readonly metadata: Metadata;
  /** Whether the file has hashes, which then fit. */
  readonly isProven: boolean;
}

/**
 * Tensors, in the order of their data, and metadata of a file; `where` names it in errors. Throws CheckpointError for anything that is truncated,
 * malformed, overlapping, of an unknown type, out of the engine's range, or other than its hashes say, where it has some.
 */
export function decodeSafetensors(bytes: Uint8Array, where = "safetensors"): DecodedFile {
  const { header, dataStart } = readHeader(bytes, where);
  const { [METADATA]: metadata, ...tensors } = header;
  const dataLength = bytes.byteLength - dataStart;
  const budget = new Budget(where, CheckpointError);
  budget.check("entries", Object.keys(tensors).length);
  const rows = Object.entries(tensors).map(([name, row]) => {
    budget.check("nameBytes", name.length, clipped(name));
    return checkRow(name, row, dataLength, where);
  });
  rows.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(rows, dataLength, where);
  const data = bytes.subarray(dataStart);
  const proven = checkProof(rows.map(hashedIn(data)), checkMetadata(metadata, where), where);
  const entries = new Map<string, Required<StoredTensor>>();
  for (const { name, code, shape, begin, end } of rows) {
    const view = new DataView(data.buffer, data.byteOffset + begin, end - begin);
    try {
      entries.set(name, { code, shape, values: rowOf(code).decode(view, sizeOf(shape)) });
    } catch (error) {
      throw new CheckpointError(`${where}: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { entries, ...proven };
}

function foreign(head: Uint8Array, tail: Uint8Array, where: string): CheckpointError | null {
  const found = foreignFile(head, tail);
  return found && new CheckpointError(`${where}: ${found.what}, expected weights`, found.hint);
}

/**
 * Throws CheckpointError for a file of `size` bytes, of which `head` and `tail` are known, that cannot be a safetensors file: it says what
 * it is where its first bytes tell.
 */
export function expectSafetensors(head: Uint8Array, tail: Uint8Array, size: number, where: string): void {
  if (size < LENGTH_BYTES)
    throw (
      foreign(head, tail, where) ?? new CheckpointError(`${where}: ${size} bytes are too few for a safetensors file`)
    );
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  const left = size - LENGTH_BYTES;
  if (length <= BigInt(left)) return;
  throw (
    foreign(head, tail, where) ??
    (length <= BigInt(Number.MAX_SAFE_INTEGER) && head[LENGTH_BYTES] === "{".charCodeAt(0)
      ? new CheckpointError(
          `${where}: the header claims ${length} bytes, the file has ${left} after its first ${LENGTH_BYTES}`,
          "the file is truncated: copy or download it again",
        )
      : new CheckpointError(
          `${where}: neither a safetensors file nor one of torch.save, its first bytes are ${hex(head)}`,
          "the file is damaged, or of another program",
        ))
  );
}

const hex = (bytes: Uint8Array): string =>
  [...bytes.subarray(0, LENGTH_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

function readHeader(bytes: Uint8Array, where: string): { header: Record<string, unknown>; dataStart: number } {
  expectSafetensors(bytes, bytes, bytes.byteLength, where);
  const dataStart = LENGTH_BYTES + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const json = bytes.subarray(LENGTH_BYTES, dataStart);
  const header = parseJson(
    json,
    `${where}: its header`,
    CheckpointError,
    () =>
      foreign(bytes, bytes, where) ??
      new CheckpointError(`${where}: the header is not JSON`, "the file is damaged, or not a safetensors file"),
  );
  if (!isRecord(header)) throw new CheckpointError(`${where}: the header is not a JSON object`);
  const twice = repeatedName(new TextDecoder().decode(json));
  if (twice !== undefined)
    throw new CheckpointError(
      `${where}: ${shownInError(twice)} stands twice in an object of the header, expected each name once`,
      "two readers would take two different tensors: write the file anew",
    );
  return { header, dataStart };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function checkRow(name: string, row: unknown, dataLength: number, where: string): HeaderRow {
  const fail = (problem: string): never => {
    throw new CheckpointError(`${where}: ${name}: ${problem}`, "the file is damaged or truncated");
  };
  if (!isRecord(row)) return fail("its header entry is not an object");
  const { dtype, shape, data_offsets: offsets } = row;
  if (!isCode(dtype))
    throw new CheckpointError(
      `${where}: ${name}: dtype ${shownInError(dtype)} is not known, expected one of ${Object.keys(codes).join(", ")}`,
    );
  if (!Array.isArray(shape) || shape.length > LARGEST_RANK || !shape.every(isCount))
    return fail("its shape is not a list of sizes");
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return fail("its data_offsets are not two positions");
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataLength)
    return fail(`its data_offsets [${begin}, ${end}] reach outside the ${dataLength} bytes of data`);
  const wanted = sizeOf(shape) * codes[dtype].bytes;
  if (wanted !== end - begin)
    return fail(`${showShape(shape)} ${dtype} takes ${wanted} bytes, its data_offsets hold ${end - begin}`);
  return { name, code: dtype, shape, begin, end };
}

/** Rows in the order of their data: the format allows neither overlaps nor holes. */
function checkCoverage(rows: readonly HeaderRow[], dataLength: number, where: string): void {
  let reached = 0;
  for (const { name, begin, end } of rows) {
    if (begin !== reached)
      throw new CheckpointError(
        `${where}: ${name} starts at byte ${begin} of the data, ${begin < reached ? "inside another tensor" : "after a hole"}, expected ${reached}`,
        "the file is damaged",
      );
    reached = end;
  }
  if (reached !== dataLength)
    throw new CheckpointError(
      `${where}: the tensors take ${reached} bytes, the file has ${dataLength}`,
      "the file is damaged",
    );
}

function checkMetadata(metadata: unknown, where: string): Metadata {
  // null is how some writers say that there is none
  if (metadata === undefined || metadata === null) return {};
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string"))
    throw new CheckpointError(`${where}: __metadata__ is not a table of strings`);
  return metadata as Metadata;
}
