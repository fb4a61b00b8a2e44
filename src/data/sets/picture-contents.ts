/**
 * What the pictures of a set hold, as digests, read before a run begins. How much of them is read follows from how many there are: all
 * of a small set, the middle of every file of a larger one, and of the largest that of some; bench/results/faults.md has what it costs.
 * Entries of shards have digests in their index already. Node only.
 */
import { closeSync, openSync } from "node:fs";
import { DataError } from "../../util/errors.js";
import { namingPathSync } from "../../util/io-error.js";
import { turnOfEventLoop } from "../../util/platform.js";
import { sha256 } from "../../util/sha256.js";
import { sizeOf } from "./content.js";
import { PictureFiles, type PictureSource } from "./picture-source.js";
import { readFully } from "./shards/tar-file.js";

/** How pictures are looked at: "whole", "middle", or "middle/128" for one of 128, by their names. */
export type ContentsRule = string;

const ruleText = /^(whole|middle)(?:\/([1-9]\d{0,8}))?$/;

/** Whether a text is such a rule. */
export const isContentsRule = (text: string): boolean => ruleText.test(text);

/** Sets of at most so many bytes are read whole: half a second. */
const WHOLE_BYTES = 256 * 2 ** 20;
/** Of larger ones this much of each file, where the picture itself is, and no header that others have too. */
const MIDDLE_BYTES = 4096;
/** Files of which all are looked at: four seconds from a local disk. */
const MOST_FILES = 100_000;
/** Files looked at of a set that has more. */
const SOME_FILES = 10_000;
/** 64 bits. */
const DIGITS = 16;
/** Files between two turns of the event loop, which other processes may wait for. */
const BREATH = 256;

/** The rule for a set that nobody has looked at before. */
export function contentsRuleOf(sources: readonly PictureSource[]): ContentsRule {
  const files = sources.filter(({ entry }) => entry?.stretch === undefined);
  if (files.length > MOST_FILES) return `middle/${Math.ceil(files.length / SOME_FILES)}`;
  let bytes = 0;
  for (const file of files) bytes += Math.max(0, sizeOf(file));
  return bytes <= WHOLE_BYTES ? "whole" : "middle";
}

/** Whether a picture of this name is looked at. */
function isChosen(name: string, every: number): boolean {
  return every === 1 || Number.parseInt(sha256(new TextEncoder().encode(name)).slice(0, 12), 16) % every === 0;
}

/** Bytes around the middle of a picture; of an entry of a shard all. */
function middleOf(source: PictureSource, size: number, files: PictureFiles): Uint8Array {
  if (source.entry) return files.bytesOf(source);
  const bytes = new Uint8Array(Math.min(size, MIDDLE_BYTES));
  const file = openSync(source.path, "r");
  try {
    const begin = (size - bytes.length) >> 1;
    return bytes.subarray(
      0,
      namingPathSync(source.path, () => readFully(file, bytes, begin)),
    );
  } finally {
    closeSync(file);
  }
}

/**
 * Size and digest of each picture in a text, null for one that the rule passes over; "unreadable" for one that cannot be read. `nameOf`
 * gives the names by which some are chosen.
 */
export async function pictureContents<S extends PictureSource>(
  sources: readonly S[],
  rule: ContentsRule,
  nameOf: (source: S) => string,
): Promise<(string | null)[]> {
  const [, way, every = "1"] = ruleText.exec(rule) ?? [];
  if (way === undefined) throw new DataError(`contents ${JSON.stringify(rule)}, expected whole, middle or middle/N`);
  const files = new PictureFiles(0);
  const contents: (string | null)[] = [];
  let read = 0;
  for (const source of sources) {
    const { entry } = source;
    if (entry?.stretch) contents.push(`${entry.bytes} ${entry.stretch.hash.slice(0, DIGITS)}`);
    else if (!isChosen(nameOf(source), Number(every))) contents.push(null);
    else {
      if (++read % BREATH === 0) await turnOfEventLoop();
      contents.push(contentOf(source, way === "whole", files));
    }
  }
  files.close();
  return contents;
}

function contentOf(source: PictureSource, isWhole: boolean, files: PictureFiles): string {
  const size = sizeOf(source);
  if (size < 0) return "unreadable";
  try {
    const bytes = isWhole ? files.bytesOf(source) : middleOf(source, size, files);
    return `${size} ${sha256(bytes).slice(0, DIGITS)}`;
  } catch {
    return "unreadable";
  }
}
