/** A body that is JSON, within the budget. */
import { shownInError } from "../util/clipped.js";
import { parseJson } from "../util/parse-json.js";
import { HttpError } from "./http-error.js";

/** JSON beyond the budget. */
class JsonTooLarge extends HttpError {
  constructor(message: string) {
    super(413, message);
  }
}

/** JSON of a body, as an object. Throws HttpError 400 and 413. */
export function objectOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value = parseJson(
    bytes,
    "body",
    JsonTooLarge,
    (why) => new HttpError(400, `no JSON (${why}), expected an object`),
  );
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new HttpError(400, `JSON that is ${shownInError(value)}, expected an object`);
}
