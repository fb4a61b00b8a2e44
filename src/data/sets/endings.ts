/**
 * Which files of a folder count as pictures, by their ending alone, and which were passed over. Node only.
 */
import { extname } from "node:path";
import { installLine } from "../../util/optional-packages.js";
import { printable } from "../../util/printable.js";
import { hasSharp } from "../codecs/sharp-formats.js";

/** Read by every decoder; in any case. */
const plain = new Set([".jpg", ".jpeg", ".jpe", ".jfif", ".png"]);
/** Read by package sharp where it is installed. */
const bySharp = new Set([".webp", ".gif", ".tif", ".tiff", ".avif"]);
/** Pictures that nothing here reads. */
const convertible = new Set([".bmp", ".ppm", ".pgm", ".pnm", ".heic", ".heif", ".jp2", ".jxl", ".tga", ".psd", ".svg"]);

/** Kinds of files that a notice names one by one. */
const SHOWN_ENDINGS = 6;

const endingOf = (name: string): string => extname(name).toLowerCase();

/** The endings of pictures as they can be read here, for hints. */
export const pictureEndings = (): string => [...plain, ...(hasSharp() ? bySharp : [])].join(" ");

const isPicture = (ending: string): boolean => plain.has(ending) || (hasSharp() && bySharp.has(ending));

/** Why a file cannot be read here whatever it holds, by its ending, and what would help; null for others. */
export function unreadable(name: string): { readonly what: string; readonly hint: string } | null {
  const ending = endingOf(name);
  if (convertible.has(ending)) return { what: `a ${ending}`, hint: `convert ${ending} to JPEG or PNG` };
  if (bySharp.has(ending) && !hasSharp())
    return { what: `a ${ending}`, hint: `${installLine("sharp")} reads ${ending}` };
  return null;
}

/** Tells pictures from other files, and counts these by ending. */
export class EndingTally {
  readonly #others = new Map<string, number>();
  /** Pictures in no class. */
  #homeless = 0;

  /** Whether the file is a picture; one that is none is counted. */
  take(name: string): boolean {
    const ending = endingOf(name);
    if (isPicture(ending)) return true;
    this.#count(ending);
    return false;
  }

  /** Counts a file whose name begins with a dot. */
  passHidden(): void {
    this.#count("hidden");
  }

  /** Counts a file that is in no class, a picture or not. */
  passBeside(name: string): void {
    const ending = endingOf(name);
    if (isPicture(ending)) this.#homeless++;
    else this.#count(ending);
  }

  #count(kind: string): void {
    this.#others.set(kind, (this.#others.get(kind) ?? 0) + 1);
  }

  /** Takes another's counts over. */
  add(other: EndingTally): void {
    for (const [ending, count] of other.#others) this.#others.set(ending, (this.#others.get(ending) ?? 0) + count);
  }

  /** Files passed over: "3 .txt, 1 .webp"; empty where there are none. */
  get counts(): string {
    const sorted = [...this.#others].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const shown = sorted
      .slice(0, SHOWN_ENDINGS)
      .map(([ending, count]) => `${count} ${ending === "" ? "without ending" : printable(ending)}`);
    const rest = sorted.slice(SHOWN_ENDINGS).reduce((sum, [, count]) => sum + count, 0);
    return [...shown, ...(rest > 0 ? [`${rest} others`] : [])].join(", ");
  }

  /** What would make pictures of those that are some; null where no file is. */
  get hint(): string | null {
    const names = [...this.#others.keys()];
    if (names.some((ending) => bySharp.has(ending)))
      return `${installLine("sharp")} reads ${names.filter((ending) => bySharp.has(ending)).join(" ")}`;
    const odd = names.filter((ending) => convertible.has(ending));
    return odd.length > 0 ? `convert ${odd.join(" ")} to JPEG or PNG` : null;
  }

  /** Lines on the files of `where` that were passed over; none where all are pictures of classes. */
  notices(where: string): string[] {
    const count = [...this.#others.values()].reduce((sum, one) => sum + one, 0);
    const homeless =
      this.#homeless === 0
        ? []
        : [
            `${printable(where)}: ${this.#homeless === 1 ? "1 picture lies" : `${this.#homeless} pictures lie`} in no class folder and ${this.#homeless === 1 ? "is" : "are"} left out`,
          ];
    if (count === 0) return homeless;
    const what =
      count === 1 ? "1 file is no picture and is left out" : `${count} files are no pictures and are left out`;
    const { hint } = this;
    return [`${printable(where)}: ${what}: ${this.counts}${hint === null ? "" : `; ${hint}`}`, ...homeless];
  }
}
