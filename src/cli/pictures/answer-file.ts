/** The answers of predict as a file that is written as they come: CSV or JSON lines, by its ending. */
import { writeFileAtomic } from "../../util/atomic-file.js";
import { UsageError } from "../../util/errors.js";
import { csvLine } from "../../util/escape.js";

/** A class with its score. */
export interface Guess {
  readonly index: number;
  readonly name: string;
  /** 0 to 1. */
  readonly score: number;
}

/** The classes of a picture, the likeliest first. */
export interface Answer {
  readonly image: string;
  readonly classes: readonly Guess[];
}

/** How one answer is a line, and what stands before the first. */
interface Format {
  readonly head: (classes: number) => string;
  readonly line: (answer: Answer) => string;
}

const SCORE_DIGITS = 6;
const rounded = (score: number): number => Number(score.toPrecision(SCORE_DIGITS));

const formats: Readonly<Record<string, Format>> = {
  ".csv": {
    head: (classes) => {
      const places = Array.from({ length: classes }, (_, i) => i + 1);
      return csvLine(["path", ...places.flatMap((k) => [`class${k}`, `score${k}`])]);
    },
    line: ({ image, classes }) =>
      csvLine([image, ...classes.flatMap(({ name, score }) => [name, rounded(score)] as const)]),
  },
  ".jsonl": {
    head: () => "",
    line: ({ image, classes }) => {
      const shown = classes.map(({ index, name, score }) => ({ index, class: name, score: rounded(score) }));
      return `${JSON.stringify({ path: image, classes: shown })}\n`;
    },
  },
};

/** The format that a file's name asks for. Throws UsageError for another ending. */
export function formatOf(file: string): Format {
  const ending = /\.[a-z]+$/i.exec(file)?.[0].toLowerCase() ?? "";
  const format = formats[ending];
  if (format) return format;
  throw new UsageError(`predict: --out ${file}, expected a name that ends in ${Object.keys(formats).join(" or ")}`);
}

/** Writes every answer, of `classes` classes, as it comes; `onLine` after each. */
export async function writeAnswers(
  file: string,
  answers: AsyncIterable<Answer>,
  classes: number,
  onLine: () => void,
): Promise<void> {
  const { head, line } = formatOf(file);
  const encoder = new TextEncoder();
  async function* lines(): AsyncGenerator<Uint8Array> {
    yield encoder.encode(head(classes));
    for await (const answer of answers) {
      yield encoder.encode(line(answer));
      onLine();
    }
  }
  await writeFileAtomic(file, lines());
}
