/**
 * JSON files that prove themselves: the last field is the SHA-256 of the file's bytes, its own digits taken as zeros. It is taken over
 * bytes and not over values, since two texts can stand for one number.
 */
import type { Fault } from "./budget.js";
import { shownInError } from "./clipped.js";
import { repeatedName } from "./json-names.js";
import { parseJson } from "./parse-json.js";
import { sha256 } from "./sha256.js";

/** What the field is called. */
const SEAL = "fileSha256";
const UNSEALED = "0".repeat(64);
const sealAtEnd = /"fileSha256":\s*"([0-9a-f]{64})"\s*\}\s*$/;

/** The text of a file that holds `value`, whose fields come in their order; a former seal among them counts for nothing. */
export function sealJson(value: object, indent: number): string {
  const { [SEAL]: _, ...fields } = value as { readonly [name: string]: unknown };
  const text = `${JSON.stringify({ ...fields, [SEAL]: UNSEALED }, null, indent)}\n`;
  const digits = sha256(new TextEncoder().encode(text));
  const at = text.lastIndexOf(UNSEALED);
  return `${text.slice(0, at)}${digits}${text.slice(at + UNSEALED.length)}`;
}

/** What such a file holds. */
export interface SealedJson {
  /** Without the seal. */
  readonly value: unknown;
  /** Null in files of versions that wrote none. */
  readonly seal: string | null;
  /** That the file is not what its seal was taken of; null where it is, or has none. */
  readonly problem: string | null;
}

/**
 * Reads the bytes of a file, sealed or not. Throws `fault` with `where` for what is beyond the budget, and what `damaged` makes of the
 * reason for what is no JSON or has a name twice.
 */
export function readSealedJson(
  bytes: Uint8Array,
  where: string,
  fault: Fault,
  damaged: (what: string) => Error,
): SealedJson {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw damaged("it is not JSON");
  }
  const value = parseJson(text, where, fault, () => damaged("it is not JSON"));
  const twice = repeatedName(text);
  if (twice !== undefined) throw damaged(`${shownInError(twice)} stands twice in an object of it`);
  if (typeof value !== "object" || value === null || !(SEAL in value)) return { value, seal: null, problem: null };
  const { [SEAL]: _, ...rest } = value as { readonly [name: string]: unknown };
  const digits = sealAtEnd.exec(text)?.[1];
  const blank = digits === undefined ? text : text.replace(sealAtEnd, (end) => end.replace(digits, UNSEALED));
  const isSound = digits !== undefined && sha256(new TextEncoder().encode(blank)) === digits;
  return { value: rest, seal: digits ?? "", problem: isSound ? null : `it does not match its hash, ${SEAL}` };
}
