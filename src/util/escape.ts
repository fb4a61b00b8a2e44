/**
 * Text of unknown origin, such as class names and paths, where it is shown or written: nothing in it moves a cursor, ends a line or
 * opens a tag.
 */

/** Controls, halves of characters, line ends of Unicode, marks that turn the direction of what follows, and what XML forbids. */
const UNSEEN = /[\p{Cc}\p{Cs}\ufffe\uffff\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** In one line of a terminal, of TSV or of a table: what is not seen stands by its number, "\u{1b}". */
export const inLine = (text: string): string =>
  text.replace(UNSEEN, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** As content or attribute of SVG and HTML, in one line. */
export const inMarkup = (text: string): string => inLine(text).replace(/[&<>"']/g, (sign) => entities[sign]!);

/** A field of CSV (RFC 4180): in quotes where it holds a comma, a quote or a line end, which stay as they are. */
export const inCsv = (value: string | number): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** A line of CSV with its end, a bare line feed as other tools of Unix write it. */
export const csvLine = (fields: readonly (string | number)[]): string => `${fields.map(inCsv).join(",")}\n`;
