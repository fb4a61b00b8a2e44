/**
 * The pictures of a split as a list that can be held against another: names within the data set, classes, order, and what the files hold.
 * A digest of its text stands for it; the text, a line a picture, is what a difference is named from. Node only.
 */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { getBudget } from "../../util/budget.js";
import { DataError } from "../../util/errors.js";
import { namesWithin } from "./dataset.js";
import { type ContentsRule, contentsRuleOf, pictureContents } from "./picture-contents.js";
import type { Dataset } from "./sample.js";

/** What stands for a list. */
export interface PictureListInfo {
  readonly pictures: number;
  /** Of the list's text. */
  readonly sha256: string;
  /** How much of the pictures was read. */
  readonly contents: ContentsRule;
}

/** One line. */
export interface ListedPicture {
  readonly name: string;
  readonly label: number;
  /** Null where it was not looked at. */
  readonly content: string | null;
}

const FORMAT = "tensorone-pictures-1";

export class PictureList {
  readonly info: PictureListInfo;
  readonly #lines: () => Iterable<string>;

  private constructor(lines: () => Iterable<string>, about: Omit<PictureListInfo, "sha256">) {
    this.#lines = lines;
    const hash = createHash("sha256");
    for (const line of lines()) hash.update(line);
    this.info = { ...about, sha256: hash.digest("hex") };
  }

  /** Reads the files of a split as the rule says, by default as its size asks for. */
  static async of(set: Dataset, rule?: ContentsRule): Promise<PictureList> {
    const { samples } = set;
    const nameOf = namesWithin(set);
    const contents = rule ?? contentsRuleOf(samples);
    const found = await pictureContents(samples, contents, nameOf);
    function* lines(): Iterable<string> {
      yield `${JSON.stringify([FORMAT, contents])}\n`;
      for (const [i, sample] of samples.entries())
        yield `${JSON.stringify([nameOf(sample), sample.label, found[i]])}\n`;
    }
    return new PictureList(lines, { pictures: samples.length, contents });
  }

  /** The text, compressed. */
  encode(): Uint8Array {
    return gzipSync([...this.#lines()].join(""));
  }

  get pictures(): ListedPicture[] {
    return parse([...this.#lines()].join(""));
  }
}

const parse = (text: string): ListedPicture[] =>
  text
    .split("\n")
    .slice(1, -1)
    .map((line) => {
      const [name, label, content] = JSON.parse(line) as [string, number, string | null];
      return { name, label, content };
    });

/** The lines of an encoded list that `info` stands for. Throws DataError, which begins with `where`, for any other. */
export function decodePictureList(bytes: Uint8Array, info: PictureListInfo, where: string): ListedPicture[] {
  let text: Buffer;
  try {
    text = gunzipSync(bytes, { maxOutputLength: getBudget().textBytes });
  } catch (cause) {
    throw new DataError(`${where}: cannot be unpacked (${(cause as Error).message})`);
  }
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== info.sha256) throw new DataError(`${where}: its SHA-256 is not the one in the checkpoint`);
  return parse(text.toString("utf8"));
}
