/**
 * The studio's pages, as the build laid them: a table of the files that are there, by the path that a browser asks for. What is not in
 * the table is not served, so no path leads out of the folder. Node only.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { TensoroneError } from "../util/errors.js";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** A bundler's name with a hash of the content: what has it never changes. */
const hashed = /[.-][\w-]{8,}\.\w+$/;

export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly isImmutable: boolean;
}

/** Files below `root` by path from it, which begins with "/". Throws TensoroneError without an index.html. */
export async function pageFiles(root: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map<string, PageFile>();
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith(".")) continue;
    const path = join(entry.parentPath, entry.name);
    const name = `/${relative(root, path).split(sep).join("/")}`;
    const isImmutable = name.startsWith("/assets/") && hashed.test(name);
    files.set(name, { path, type: types[extname(name)] ?? "application/octet-stream", isImmutable });
  }
  const index = files.get("/index.html");
  if (!index)
    throw new TensoroneError(
      `studio: no index.html in ${root}, expected the studio's pages`,
      "in a checkout: npm ci && npm run build",
    );
  return files.set("/", index);
}

/** Bytes and what tells them from others. */
export async function readPage({ path }: PageFile): Promise<{ readonly bytes: Uint8Array; readonly etag: string }> {
  const bytes = await readFile(path);
  return { bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"` };
}
