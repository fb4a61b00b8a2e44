/**
 * Text of unknown origin, such as class names and paths, in files that others read: nothing in it opens a tag or ends a field.
 */
import { printable } from "./printable.js";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** As content or attribute of SVG and HTML, in one line. */
export const inMarkup = (text: string): string => printable(text).replace(/[&<>"']/g, (sign) => entities[sign]!);

/** A field of CSV (RFC 4180): in quotes where it holds a comma, a quote or a line end, which stay as they are. */
export const inCsv = (value: string | number): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** A line of CSV with its end, a bare line feed as other tools of Unix write it. */
export const csvLine = (fields: readonly (string | number)[]): string => `${fields.map(inCsv).join(",")}\n`;
