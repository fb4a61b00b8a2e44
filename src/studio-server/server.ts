/**
 * The studio on this machine: its pages, and the runs of a folder. Reads alone: nothing that a request says changes a file. Node only.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { reportPage } from "../report/report.js";
import { TensoroneError } from "../util/errors.js";
import { type ApiContext, ApiFault, answerApi } from "./api.js";
import { commonHeaders, isForeign, isForUs } from "./headers.js";
import { STUDIO_HEADER } from "./headers-names.js";
import { type PageFile, pageFiles, readPage } from "./page-files.js";
import { RunWatch } from "./run-watch.js";

/** Where the build lays the pages, seen from src/ and from dist/ alike. */
const ownPages = fileURLToPath(new URL("../../dist/studio", import.meta.url));
/** Longer addresses are nobody's. */
const MOST_URL = 4096;
const A_YEAR = 31_536_000;

/** What the studio is started with. */
export interface StudioOptions {
  /** The folder of runs, which may come later. Default: runs. */
  readonly runs?: string | undefined;
  /** 0: any that is free, as without it. */
  readonly port?: number | undefined;
  /** Name or address to listen on. Default: 127.0.0.1, this machine alone. */
  readonly host?: string | undefined;
  /** Makes the HTML of a report where a run has none. Default: one that asks the model about no pictures. */
  readonly makeReport?: ((run: string) => Promise<string>) | undefined;
  /** Where the pages are. Default: those of the package. */
  readonly pages?: string | undefined;
}

/** A studio that listens. */
export interface Studio {
  /** Ends in a slash. */
  readonly url: string;
  readonly port: number;
  /** Absolute. */
  readonly runs: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** One after the other: a report folds a model, which takes memory and a second. */
function inTurn(make: (folder: string) => Promise<string>): (folder: string) => Promise<string> {
  let last: Promise<unknown> = Promise.resolve();
  return (folder) => {
    const next = last.then(() => make(folder));
    last = next.catch(() => {});
    return next;
  };
}

function sendFault(response: ServerResponse, status: number, message: string, hint?: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify({ error: { message, hint: hint ?? null } }));
}

async function sendPage(request: IncomingMessage, response: ServerResponse, file: PageFile): Promise<void> {
  const { bytes, etag } = await readPage(file);
  const caching = file.isImmutable ? `public, max-age=${A_YEAR}, immutable` : "no-cache";
  const headers = { ETag: etag, "Cache-Control": caching };
  if (request.headers["if-none-match"] === etag) response.writeHead(304, headers).end();
  else response.writeHead(200, { ...headers, "Content-Type": file.type, "Content-Length": bytes.length }).end(bytes);
}

/** What a request is refused for, before anything is looked for; null where it is not. */
function refusal({ method, url = "/", headers }: IncomingMessage, host: string): ApiFault | null {
  if (!isForUs(headers, host))
    return new ApiFault(403, "studio: the Host header names another server", "--host NAME serves under a name");
  if (method !== "GET" && method !== "HEAD") return new ApiFault(405, `studio: ${method}, expected GET`);
  if (url.length > MOST_URL) return new ApiFault(414, `studio: an address of ${url.length} characters`);
  if (!url.startsWith("/")) return new ApiFault(400, "studio: an address that is no path");
  return null;
}

/**
 * Starts the studio: the pages that `tensorone studio` shows, and the runs of a folder under /api, live. It answers GET alone, to
 * pages of its own, and changes no file. Throws TensoroneError where the pages were not built, the system's error where the port is taken.
 *
 * @example
 * <!-- test: not run: listens until it is closed, and wants the built pages -->
 * ```ts
 * import { startStudio } from "tensorone/node";
 * const studio = await startStudio({ runs: "runs" });
 * console.log(studio.url); // http://127.0.0.1:40123/
 * await studio.close();
 * ```
 */
export async function startStudio(options: StudioOptions = {}): Promise<Studio> {
  const { runs = "runs", port = 0, host = "127.0.0.1", pages = ownPages } = options;
  const { makeReport = (run: string) => reportPage(run, { mostImages: 0 }) } = options;
  const watch = new RunWatch(resolve(runs));
  const context: ApiContext = {
    watch,
    makeReport: inTurn(makeReport),
    session: randomBytes(6).toString("hex"),
  };
  let files = await pageFiles(pages);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(commonHeaders)) response.setHeader(name, value);
    response.setHeader(STUDIO_HEADER, context.session);
    const refused = refusal(request, host);
    if (refused) throw refused;
    const url = new URL(`http://studio${request.url}`);
    if (/^\/api(\/|$)/.test(url.pathname)) {
      if (isForeign(request.headers)) throw new ApiFault(403, "studio: a page of another site asked");
      const { "last-event-id": last } = request.headers;
      await answerApi(context, url, response, typeof last === "string" ? last : undefined);
      return;
    }
    // pages that were built anew have other names
    if (url.pathname === "/") files = await pageFiles(pages);
    const file = files.get(url.pathname);
    if (!file) throw new ApiFault(404, `studio: nothing at ${url.pathname}`);
    await sendPage(request, response, file);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const status = error instanceof ApiFault ? error.status : 500;
      if (status === 405) response.setHeader("Allow", "GET, HEAD");
      const [message, hint] =
        error instanceof TensoroneError ? [error.summary, error.hint] : [`studio: ${String(error)}`, undefined];
      sendFault(response, status, message, hint);
    });
  });
  const at = await listen(server, port, host);
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${at.port}/`,
    port: at.port,
    runs: watch.folder,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const listen = (server: Server, port: number, host: string): Promise<AddressInfo> =>
  new Promise((resolved, rejected) => {
    server.once("error", rejected);
    server.listen(port, host, () => {
      server.off("error", rejected);
      resolved(server.address() as AddressInfo);
    });
  });
