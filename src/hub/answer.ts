/**
 * One question to a server: redirects followed and counted, the hash that a hub states kept, and everything that is not the
 * file turned into one line.
 */
import { clipped } from "../util/clipped.js";
import { CheckpointError } from "../util/errors.js";
import type { RemoteFile } from "./address.js";

/** Of the web's own recommendation: more is a circle. */
const MAX_REDIRECTS = 10;
/** A server that sends nothing for this long is gone. */
export const SILENCE_MS = 30_000;

export interface Answer {
  readonly response: Response;
  /** First byte of the body in the file: 0 unless the server goes on with a part. */
  readonly from: number;
  /** Of the whole file; null where the server does not say. */
  readonly bytes: number | null;
  readonly etag: string | null;
  /** Of the whole file, where the server states it (Hugging Face's X-Linked-Etag). */
  readonly sha256: string | null;
}

/** What has come of a file before. */
export interface Part {
  readonly from: number;
  readonly etag: string;
}

const unquoted = (etag: string): string => etag.replace(/^W\//, "").replaceAll('"', "");

/** Why a request failed before there was an answer, in the system's words. */
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: unknown; message?: unknown } }).cause;
  return String(cause?.code ?? cause?.message ?? (error as Error).message);
}

const statusHints: Readonly<Record<number, string>> = {
  401: "the file wants a login: HF_TOKEN holds a token of the hub",
  403: "the file wants a login, or is for members: HF_TOKEN holds a token of the hub",
  404: "check the address, in a browser for example",
  429: "too many requests: try again later",
};

/**
 * Asks for the file, from `part.from` on where there is a part. Throws CheckpointError, one line, for no network, a circle of
 * redirects, a redirect from https to http, a status that is no success, and an HTML page.
 */
export async function ask(file: RemoteFile, part: Part | null, signal: AbortSignal): Promise<Answer> {
  let url = new URL(file.url);
  const origin = url.origin;
  let stated: string | null = null;
  let linkedEtag: string | null = null;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const headers: Record<string, string> = { "user-agent": "tensorone", "accept-encoding": "identity" };
    if (file.token !== null && url.origin === origin) headers.authorization = `Bearer ${file.token}`;
    if (part !== null) headers.range = `bytes=${part.from}-`;
    let response: Response;
    try {
      response = await fetch(url, { headers, redirect: "manual", signal });
    } catch (error) {
      throw new CheckpointError(
        `${file.spec}: no answer from ${url.host} (${reasonOf(error)})`,
        "is there a network? a file that was copied here can be named by its path",
      );
    }
    const linked = response.headers.get("x-linked-etag");
    if (linked !== null) {
      linkedEtag = unquoted(linked);
      if (/^[0-9a-f]{64}$/.test(linkedEtag)) stated = linkedEtag;
    }
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      if (!URL.canParse(location, url))
        throw new CheckpointError(`${file.spec}: ${url.host} redirects to ${clipped(location)}, expected an address`);
      const next = new URL(location, url);
      if (url.protocol === "https:" && next.protocol !== "https:")
        throw new CheckpointError(
          `${file.spec}: ${url.host} redirects to ${next.protocol}//${next.host}, expected https`,
        );
      url = next;
      continue;
    }
    return checked(file, url, response, part, { stated, linkedEtag });
  }
  throw new CheckpointError(`${file.spec}: more than ${MAX_REDIRECTS} redirects, the last to ${url.host}`);
}

async function checked(
  file: RemoteFile,
  url: URL,
  response: Response,
  part: Part | null,
  { stated, linkedEtag }: { readonly stated: string | null; readonly linkedEtag: string | null },
): Promise<Answer> {
  const { status, headers } = response;
  const fail = async (what: string, hint?: string) => {
    await response.body?.cancel().catch(() => {});
    return new CheckpointError(`${file.spec}: ${url.host} answers with ${what}, expected the file`, hint);
  };
  const etag = linkedEtag ?? (headers.has("etag") ? unquoted(headers.get("etag")!) : null);
  // the part is the whole file, or of another one
  if (status === 416 && part !== null) {
    await response.body?.cancel();
    return { response, from: part.from, bytes: part.from, etag, sha256: stated };
  }
  if (status !== 200 && status !== 206) throw await fail(`status ${status}`, statusHints[status]);
  const type = headers.get("content-type") ?? "";
  if (/\bhtml\b/i.test(type))
    throw await fail(
      "an HTML page",
      "the address of a page, or of a login, is not the file's own: hubs call it resolve or raw",
    );
  const length = headers.get("content-length");
  const isPart = status === 206;
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get("content-range") ?? "");
  if (isPart && (range === null || part === null || Number(range[1]) !== part.from))
    throw await fail(`bytes ${headers.get("content-range")}`, `it was asked for bytes ${part?.from ?? 0} and on`);
  const bytes = isPart ? Number(range![2]) : length === null ? null : Number(length);
  return { response, from: isPart ? part!.from : 0, bytes, etag, sha256: stated };
}
