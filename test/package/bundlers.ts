/** Four bundlers as their users call them: no plugin and no configuration beside what a bundler cannot do without. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { run, said, tool } from "./programs.js";

const node = process.execPath;
const page = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

interface Bundler {
  readonly name: string;
  /** Its program. */
  readonly program: string;
  /** Makes `out` from main.js, or index.html, in `project`; false where it writes no page. */
  readonly args: (out: string) => readonly string[];
  readonly script: string | null;
}

export const bundlers: readonly Bundler[] = [
  {
    name: "esbuild",
    program: tool("esbuild", "bin", "esbuild"),
    args: (out) => ["main.js", "--bundle", "--format=esm", "--minify", "--splitting", `--outdir=${out}`],
    script: "main.js",
  },
  {
    name: "Vite",
    program: tool("vite", "bin", "vite.js"),
    args: (out) => ["build", "--outDir", out, "--emptyOutDir", "--logLevel", "warn"],
    script: null,
  },
  {
    name: "webpack",
    program: tool("webpack-cli", "bin", "cli.js"),
    args: (out) => ["--mode", "production", "--entry", "./main.js", "-o", out, "--no-color"],
    script: "main.js",
  },
  {
    // Rollup itself finds no packages: it needs its own plugin for node_modules, and the one for gpu.js, which is CommonJS
    name: "Rollup",
    program: tool("rollup", "dist", "bin", "rollup"),
    args: (out) => ["main.js", "-c", "rollup.config.mjs", "-d", out],
    script: "main.js",
  },
];

/** Bundles the project into `out`, with a page; returns what the bundler said. */
export function bundle({ name, program, args, script }: Bundler, project: string, out: string): string {
  mkdirSync(out, { recursive: true });
  if (name === "Rollup")
    writeFileSync(
      join(project, "rollup.config.mjs"),
      `import commonjs from ${JSON.stringify(tool("@rollup", "plugin-commonjs", "dist", "es", "index.js"))};
import { nodeResolve } from ${JSON.stringify(tool("@rollup", "plugin-node-resolve", "dist", "es", "index.js"))};
export default { plugins: [nodeResolve({ browser: true }), commonjs()] };
`,
    );
  const finished = name === "esbuild" ? run(program, args(out), project) : run(node, [program, ...args(out)], project);
  const text = said(finished, name) + finished.stderr;
  if (script !== null) writeFileSync(join(out, "index.html"), page(`./${script}`));
  return text;
}

/** A project with the program, the installed package, and gpu.js where it is wanted. */
export function makeProject(folder: string, modules: string, program: string, gpuJs: string | null): void {
  mkdirSync(folder, { recursive: true });
  cpSync(modules, join(folder, "node_modules"), { recursive: true });
  if (gpuJs !== null) cpSync(gpuJs, join(folder, "node_modules", "gpu.js"), { recursive: true });
  cpSync(program, folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "bundled", "private": true, "type": "module" }\n');
}

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

/** Serves a folder with the two headers that give a page shared memory. */
export async function serve(folder: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(async ({ url = "/" }, response) => {
    const path = normalize(new URL(url, "http://localhost").pathname);
    const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
    try {
      const bytes = await readFile(join(folder, path.endsWith("/") ? `${path}index.html` : path));
      response
        .writeHead(200, { ...headers, "Content-Type": types[extname(path) || ".html"] ?? "text/plain" })
        .end(bytes);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
