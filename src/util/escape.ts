/**
 * Text of unknown origin, such as class names and paths, in files that others read: nothing in it opens a tag or ends a field.
 */
import { printable, steeringInJson } from "./printable.js";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** As content or attribute of SVG and HTML, in one line. */
export const inMarkup = (text: string): string => printable(text).replace(/[&<>"']/g, (sign) => entities[sign]!);

/** What a spreadsheet takes for the beginning of a formula: a name from a picture's folder would be run by whoever opens the file. */
const formula = /^[=+\-@]/;

/**
 * A field of CSV (RFC 4180): in quotes where it holds a comma or a quote. A record is one line, so line ends and other control characters
 * are written as `printable` has them; text that a spreadsheet would run has an apostrophe before it, which spreadsheets hide. Who
 * needs names bit by bit takes the JSON lines that are written beside.
 */
export const inCsv = (value: string | number): string => {
  if (typeof value === "number") return String(value);
  const text = printable(formula.test(value) ? `'${value}` : value);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** A line of CSV with its end, a bare line feed as other tools of Unix write it. */
export const csvLine = (fields: readonly (string | number)[]): string => `${fields.map(inCsv).join(",")}\n`;

/** JSON in one line that a terminal may show: what would steer it is \uNNNN, which any reader of JSON takes for the same. */
export const jsonLine = (value: unknown): string =>
  `${JSON.stringify(value).replace(steeringInJson, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
