/**
 * Comma-separated text to records (RFC 4180): fields in double quotes may hold commas, line ends and doubled quotes. Knows
 * nothing of data sets.
 */
import { Budget, getBudget } from "../../util/budget.js";
import { DataError } from "../../util/errors.js";

/** A record and the line of the file that it begins in, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** A field: in quotes or without any, and what ends it. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;

/** The records of `text`, empty lines left out. Throws DataError, beginning with `where`, for a quote that is out of place, and for more lines or columns than the budget has. */
export function parseCsv(text: string, where: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  const start = text.startsWith("\ufeff") ? 1 : 0;
  const budget = new Budget(where, DataError);
  const { entries, samples } = getBudget();
  let fields: string[] = [];
  let line = 1;
  let first = 1;
  for (let at = start; at < text.length || fields.length > 0; ) {
    FIELD.lastIndex = at;
    const found = FIELD.exec(text);
    if (!found)
      throw new DataError(
        `${where}, line ${line}: a quote that does not end its field, expected "…" around whole fields, and "" for a quote inside`,
      );
    const [whole, quoted, plain = "", end] = found;
    if (fields.length >= entries) budget.check("entries", fields.length + 1, `line ${line}`);
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.split("\n").length - 1;
    at += whole.length;
    if (end === ",") continue;
    if (fields.length > 1 || fields[0] !== "") records.push({ line: first, fields });
    if (records.length > samples) budget.check("samples", records.length);
    fields = [];
    first = line;
  }
  return records;
}
