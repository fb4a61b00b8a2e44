/**
 * Serves the checkout to a tab: dist/ as it was built, TypeScript of tests and benchmarks with its types taken off, gpu.js's browser bundle,
 * and a page with the import map of docs/in-a-browser.md. The two headers give the tab SharedArrayBuffer. Not a bundler:
 * every module is a request, and `requests` tells which were made.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import ts from "typescript";

const own = join(import.meta.dirname, "..", "..");

const served = [
  /^\/dist\/[\w/-]+\.js$/,
  /^\/test\/(browser|conformance|gpu)\/[\w/-]+\.js$/,
  /^\/bench\/(gpu\/training-step|work\/work|measure\/case)\.js$/,
  /^\/src\/[\w/-]+\.js$/,
  /^\/node_modules\/gpu\.js\/dist\/[\w-]+\.js$/,
];

const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** "/src/" is for tests alone: they import the engine from there, and get the built one; workers, which no import map reaches, too. */
const page = `<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>tensorone</title>
<script type="importmap">
{ "imports": {
  "tensorone": "/dist/index.js",
  "gpu.js": "/node_modules/gpu.js/dist/gpu-browser.js",
  "/src/": "/dist/"
} }
</script>
`;

export interface PageServer {
  /** Ends in a slash; pages are `isolated` (with the two headers) and `plain` (without). */
  readonly url: string;
  /** Paths in the order they were asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

async function moduleText(root: string, path: string): Promise<string> {
  if (!/^\/(test|bench)\//.test(path)) return readFile(join(root, path.replace(/^\/src\//, "/dist/")), "utf8");
  const source = await readFile(join(root, path.replace(/\.js$/, ".ts")), "utf8");
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022, verbatimModuleSyntax: true };
  return ts.transpileModule(source, { compilerOptions }).outputText;
}

/** Listens on a free port of this machine alone; `given` are bytes that a tab may ask for, by path. */
export async function serveCheckout(given: Readonly<Record<string, Uint8Array>> = {}, root = own): Promise<PageServer> {
  const requests: string[] = [];
  const server = createServer(async ({ url = "/" }, response) => {
    const path = normalize(new URL(url, "http://localhost").pathname);
    requests.push(path);
    if (path === "/isolated" || path === "/plain") {
      response.writeHead(200, { "Content-Type": "text/html", ...(path === "/isolated" ? isolation : {}) }).end(page);
      return;
    }
    const bytes = given[path];
    if (bytes) {
      response.writeHead(200, { "Content-Type": "application/octet-stream", ...isolation }).end(bytes);
      return;
    }
    try {
      if (!served.some((pattern) => pattern.test(path))) throw new Error("not served");
      const text = await moduleText(root, path);
      response.writeHead(200, { "Content-Type": "text/javascript", ...isolation }).end(text);
    } catch (error) {
      response.writeHead(404, isolation).end(String(error));
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
