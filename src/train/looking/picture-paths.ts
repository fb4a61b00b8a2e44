/**
 * The pictures that words of a command line name: files, folders with all below them, and "-" for paths that come line by line.
 * Node only.
 */
import { join } from "node:path";
import { pictureFiles } from "../../data/sets/class-folders.js";
import { EndingTally, pictureEndings } from "../../data/sets/endings.js";
import { DataError, UsageError } from "../../util/errors.js";
import { isFolder } from "../../util/file-status.js";

/** Where paths come from that are not written out. */
export type PathStream = AsyncIterable<string | Uint8Array>;

/** The pictures of a folder and of all below it, sorted. Throws DataError where it has none. */
function picturesIn(where: string, folder: string): string[] {
  const endings = new EndingTally();
  const found = pictureFiles(
    folder,
    (problem) => {
      throw problem;
    },
    endings,
  );
  if (found.length > 0) return found.map((name) => join(folder, name));
  const others = endings.counts === "" ? "no files" : endings.counts;
  throw new DataError(
    `${where}: ${folder} has no pictures (${others}), expected files ending in ${pictureEndings()}`,
    endings.hint ?? undefined,
  );
}

/** The lines of a stream, those that came together in one piece: whoever waits for a slow one has the others meanwhile. */
async function* linesOf(stream: PathStream): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  const cleaned = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/\r$/, "")).filter((line) => line !== "");
  for await (const piece of stream) {
    const lines = (rest + (typeof piece === "string" ? piece : decoder.decode(piece, { stream: true }))).split("\n");
    rest = lines.pop()!;
    const whole = cleaned(lines);
    if (whole.length > 0) yield whole;
  }
  const last = cleaned([rest]);
  if (last.length > 0) yield last;
}

/**
 * The paths that `words` name, in pieces as they come: a folder stands for the pictures in it and below, sorted, "-" for the lines of
 * `stream`. What is no folder is taken for a picture, there or not. Throws DataError for a folder without pictures before anything
 * is given, UsageError for "-" twice or without a stream.
 */
export function picturePaths(where: string, words: readonly string[], stream?: PathStream): AsyncGenerator<string[]> {
  if (words.filter((word) => word === "-").length > 1)
    throw new UsageError(`${where}: "-" twice, expected it once: the paths of stdin are read once`);
  if (words.includes("-") && !stream) throw new UsageError(`${where}: "-" without a stream, expected lines to read`);
  const parts = words.map((word): string[] | PathStream => {
    if (word === "-") return stream!;
    return isFolder(word) ? picturesIn(where, word) : [word];
  });
  return piecesOf(parts);
}

async function* piecesOf(parts: readonly (string[] | PathStream)[]): AsyncGenerator<string[]> {
  let known: string[] = [];
  for (const part of parts) {
    if (Array.isArray(part)) {
      known = known.concat(part);
      continue;
    }
    if (known.length > 0) yield known;
    known = [];
    yield* linesOf(part);
  }
  if (known.length > 0) yield known;
}
