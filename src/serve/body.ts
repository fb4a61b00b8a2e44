/**
 * The body of a request in memory of its own: no more than is allowed, whatever its headers say. How slowly it may come is the
 * server's business (listener.ts), which ends the connection.
 */
import type { IncomingMessage } from "node:http";
import { GoneError, HttpError } from "./http-error.js";
import type { Intake } from "./limits.js";

/** A body, counted by an intake until `release` is called. */
export interface Body {
  /** All of an ArrayBuffer, which may be transferred. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  release(): void;
}

const tooLarge = (came: string, most: number): HttpError =>
  new HttpError(413, `a body of ${came} bytes, expected at most ${most}`, "send a smaller picture, or fewer at a time");

/** Throws HttpError for a header that promises too much, or an encoding that would have to be undone first. */
function checkHeaders({ headers }: IncomingMessage, most: number): void {
  const length = headers["content-length"];
  if (length !== undefined && Number(length) > most) throw tooLarge(length, most);
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity")
    throw new HttpError(415, `Content-Encoding ${encoding.slice(0, 40)}, expected none`, "send the body as it is");
}

/** Reads it to its end. Throws HttpError 400, 413, 415, 503, and GoneError where the client leaves before. */
export async function readBody(incoming: IncomingMessage, most: number, intake: Intake): Promise<Body> {
  checkHeaders(incoming, most);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const onData = (chunk: Uint8Array): void => {
        try {
          if (length + chunk.length > most) throw tooLarge(`more than ${most}`, most);
          intake.hold(chunk.length);
          length += chunk.length;
          chunks.push(chunk);
        } catch (error) {
          settle(reject, error);
        }
      };
      const onClose = (): void => settle(reject, new GoneError("the client left before the end of its request"));
      const onEnd = (): void => settle(() => resolve(), null);
      const settle = (how: (error: unknown) => void, error: unknown): void => {
        incoming.off("data", onData).off("end", onEnd).off("close", onClose);
        how(error);
      };
      // a client that leaves: "error" comes before "close"
      incoming.on("error", () => {});
      incoming.on("data", onData).on("end", onEnd).on("close", onClose);
    });
    if (length === 0) throw new HttpError(400, "an empty body, expected a picture or JSON");
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return { bytes, release: () => intake.release(length) };
  } catch (error) {
    intake.release(length);
    throw error;
  }
}
