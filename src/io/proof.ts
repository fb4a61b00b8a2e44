/**
 * Hashes by which a file of weights proves itself, in two texts of its metadata: one SHA-256 for each entry, over name, type, shape and
 * bytes, so that a flipped bit is named by its entry, and one over these and all other metadata. What is hashed is the content, not the
 * text of the header: a program that writes the same entries and metadata in another order leaves the file sound.
 */
import { byCodePoint } from "../util/by-code-point.js";
import { CheckpointError } from "../util/errors.js";
import { sha256 } from "../util/sha256.js";
import type { ElementCode } from "./element-codes.js";

/** Each is there where the other is: a file from which one was lost is damaged. */
const WHOLE = "tensorone.sha256";
const ENTRIES = "tensorone.entrySha256";
const DIGITS = 64;

/** An entry as it stands in the file. */
export interface HashedEntry {
  readonly name: string;
  readonly code: ElementCode;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

type Texts = Readonly<Record<string, string>>;

const encoder = new TextEncoder();

const inOrder = <E extends { readonly name: string }>(entries: readonly E[]): E[] =>
  [...entries].sort((a, b) => byCodePoint(a.name, b.name));

const hashOfEntry = ({ name, code, shape, bytes }: HashedEntry): string =>
  sha256(encoder.encode(`${JSON.stringify([name, code, shape])}\n`), bytes);

function hashOfWhole(metadata: Texts, hashes: string): string {
  const texts = Object.entries(metadata).sort(([a], [b]) => byCodePoint(a, b));
  return sha256(encoder.encode(JSON.stringify([texts, hashes])));
}

/** The two texts, for entries in any order. */
export function proofOf(entries: readonly HashedEntry[], metadata: Texts): Texts {
  const hashes = inOrder(entries).map(hashOfEntry).join("");
  return { [ENTRIES]: hashes, [WHOLE]: hashOfWhole(metadata, hashes) };
}

/** As long as those of so many entries, for a header whose length has to be known before what follows it. */
export const proofOfLength = (entries: number): Texts => ({
  [ENTRIES]: "0".repeat(DIGITS * entries),
  [WHOLE]: "0".repeat(DIGITS),
});

/** Metadata without the proof, and whether there was one. */
export interface Proven {
  readonly metadata: Texts;
  readonly isProven: boolean;
}

/** Throws CheckpointError naming the entry that is not what its hash was taken of; a file without hashes passes. */
export function checkProof(entries: readonly HashedEntry[], found: Texts, where: string): Proven {
  const { [WHOLE]: whole, [ENTRIES]: hashes, ...metadata } = found;
  if (whole === undefined && hashes === undefined) return { metadata, isProven: false };
  const fail = (problem: string): never => {
    throw new CheckpointError(
      `${where}: ${problem}`,
      `the file is damaged, or another program changed it and kept its metadata: such a one leaves ${WHOLE} and ${ENTRIES} out`,
    );
  };
  if (whole === undefined || hashes === undefined)
    return fail(`its metadata has one of ${WHOLE} and ${ENTRIES}, expected both`);
  const kept = new Set(hashes.match(/.{1,64}/gsu));
  const changed = inOrder(entries).filter((entry) => !kept.has(hashOfEntry(entry)));
  const more = changed.length > 1 ? `, nor do ${changed.length - 1} more` : "";
  if (changed.length > 0) return fail(`entry ${changed[0]!.name} does not match its hash${more}`);
  if (hashes.length !== DIGITS * entries.length)
    return fail(`has ${entries.length} entries and hashes of ${hashes.length / DIGITS}`);
  if (hashOfWhole(metadata, hashes) !== whole)
    return fail("its metadata or the list of its entries does not match its hash");
  return { metadata, isProven: true };
}
