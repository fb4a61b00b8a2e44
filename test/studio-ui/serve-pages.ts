/** Serves a folder of bundled pages with the headers that it brings along, or without any. Notes what was asked for. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".zip": "application/zip",
};

export interface Pages {
  /** Ends in a slash. */
  readonly url: string;
  readonly requests: string[];
  close(): Promise<void>;
}

export async function servePages(folder: string, hasHeaders = true): Promise<Pages> {
  const headers = hasHeaders
    ? (JSON.parse(readFileSync(join(folder, "headers.json"), "utf8")) as Record<string, string>)
    : {};
  const requests: string[] = [];
  const server = createServer(async ({ url = "/" }, response) => {
    const path = normalize(new URL(url, "http://localhost").pathname);
    requests.push(path);
    const name = path === "/" ? "index.html" : path.slice(1);
    try {
      const bytes = await readFile(join(folder, name));
      const type = types[extname(name)] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type, ...headers }).end(bytes);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
