/** Base64 in JSON, by the letter: what Node would pass over in silence is an error here. */
import { HttpError } from "./http-error.js";

const LETTERS = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;
/** As a page's FileReader gives it. */
const DATA_URL = /^data:[^,]{0,200};base64,/;

/** The bytes that a text stands for. Throws HttpError 400, beginning with `where`. */
export function bytesOfBase64(text: unknown, where: string): Uint8Array<ArrayBuffer> {
  if (typeof text !== "string") throw new HttpError(400, `${where}: ${typeof text}, expected a picture in base64`);
  const letters = text.replace(DATA_URL, "");
  if (letters === "" || !LETTERS.test(letters))
    throw new HttpError(400, `${where}: no base64, expected a picture in it`, "base64 -w0 cat.jpg makes it of a file");
  // a copy that is all of its memory, which can be transferred
  return new Uint8Array(Buffer.from(letters, "base64"));
}
