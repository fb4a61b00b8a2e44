/**
 * A stream that people read: finished lines, and under them at most one live line that is redrawn in place. In a pipe, or
 * on a dumb terminal, there is no live line, and no colour unless FORCE_COLOR asks for it. Knows nothing of what it shows, and so trusts
 * none of it: what a terminal would obey is escaped here, and only what `paint` has marked becomes a colour.
 */
import { printable } from "./printable.js";

/** What is needed of process.stdout. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof styles;

/** A piece of a line; those of a higher rank are dropped first where the line is too long. */
export interface Field {
  readonly text: string;
  /** 0 is never dropped. */
  readonly rank: number;
}

const DEFAULT_WIDTH = 80;
/** Begins and ends a mark of `paint`; with a number of this process between, which no file can hold. */
const [BEGIN, END] = ["\u{f0000}", "\u{f0001}"];
const SECRET = Math.random().toString(36).slice(2);
const marks = new RegExp(`${BEGIN}${SECRET}:(\\d+)${END}`, "gu");
const markOf = (code: number): string => `${BEGIN}${SECRET}:${code}${END}`;
/** Ready for the terminal. */
const shown = (text: string): string => printable(text).replace(marks, "\u001b[$1m");

/** Narrower text has a word a line, wider lines are hard to follow. */
const textWidths = { least: 40, most: 120 };

type Environment = { readonly [name: string]: string | undefined };

/** Columns for running text such as help: COLUMNS where it is set, else those of the stream, within 40 to 120. */
export function textWidth(stream: Pick<OutputStream, "columns">, env: Environment): number {
  const asked = /^\d+$/.test(env.COLUMNS ?? "") ? Number(env.COLUMNS) : 0;
  const { least, most } = textWidths;
  return Math.min(most, Math.max(least, asked || stream.columns || DEFAULT_WIDTH));
}

/** FORCE_COLOR (0 and false: none) overrules NO_COLOR, as in Node; both count where they are not empty. */
function wantsColor({ FORCE_COLOR = "", NO_COLOR = "" }: Environment, isScreen: boolean): boolean {
  if (FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isScreen && NO_COLOR === "";
}

/** Number of columns a text takes as it is shown, without its colours; every character counts as one. */
export function visibleWidth(text: string): number {
  return [...printable(text.replace(marks, ""))].length;
}

/** The fields joined by two spaces, without those that do not fit in `width`; the order stays. */
export function fitFields(fields: readonly Field[], width: number): string {
  let kept = fields.filter(({ text }) => text !== "");
  const line = () => kept.map(({ text }) => text).join("  ");
  while (visibleWidth(line()) > width) {
    const worst = Math.max(...kept.map(({ rank }) => rank));
    if (worst <= 0) break;
    const at = kept.findLastIndex(({ rank }) => rank === worst);
    kept = kept.filter((_, i) => i !== at);
  }
  return line();
}

/** A bar of `width` columns, filled to `share` (0 to 1). */
export function progressBar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "━".repeat(filled) + "─".repeat(width - filled);
}

/** Prints lines and one live line to a stream. */
export class Terminal {
  readonly #stream: OutputStream;
  /** Whether the live line is shown. */
  readonly isLive: boolean;
  readonly #hasColor: boolean;
  #isDrawn = false;

  constructor(stream: OutputStream, env: Environment = {}) {
    this.#stream = stream;
    this.isLive = stream.isTTY === true && env.TERM !== "dumb";
    this.#hasColor = wantsColor(env, this.isLive);
  }

  /** Columns of the stream now; a window may change while we print. */
  get width(): number {
    return this.#stream.columns || DEFAULT_WIDTH;
  }

  /** Text with a style, for `print` and `update` of this process alone: its marks are no escape sequences yet. */
  paint(style: Style, text: string): string {
    return this.#hasColor ? `${markOf(styles[style])}${text}${markOf(0)}` : text;
  }

  /** A finished line; it takes the place of the live line. Line ends and tabs in it are escaped as all that steers a terminal is. */
  print(line = ""): void {
    this.#write(shown(line));
  }

  /** A line for programs: fields with tabs between, of which none can make another field or line. */
  printRow(fields: readonly string[]): void {
    this.#write(fields.map(shown).join("\t"));
  }

  /** Redraws the live line; nothing in a pipe. The last column stays free: a full line would wrap. */
  update(line: string): void {
    if (!this.isLive) return;
    const room = this.width - 1;
    const plain = [...printable(line.replace(marks, ""))];
    this.#stream.write(`${this.#eraser()}${plain.length <= room ? shown(line) : plain.slice(0, room).join("")}`);
    this.#isDrawn = true;
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#isDrawn) this.#stream.write(this.#eraser());
    this.#isDrawn = false;
  }

  #write(line: string): void {
    this.#stream.write(`${this.#eraser()}${line}\n`);
    this.#isDrawn = false;
  }

  #eraser(): string {
    return this.#isDrawn ? "\r\u001b[2K" : "";
  }
}
