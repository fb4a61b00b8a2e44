/** Text from files where it is shown in errors: one line is not to grow with the file. */

const SHOWN = 80;

/** `text`, or its beginning and "…". */
export const clipped = (text: string, most = SHOWN): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** A value of a file as JSON, clipped; containers by their kind, since they may be as deep as the file is long. */
export function shownInError(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "bigint") return clipped(String(value));
  return typeof value === "string" ? JSON.stringify(clipped(value)) : String(value);
}
