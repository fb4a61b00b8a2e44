/**
 * Which declarations in dist/ the package's entries reach. Others are of no use to anybody: `exports` lets nobody import them, and
 * they name globals of WebGPU, WebAssembly and Node that a project may not have.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const specifier = /(?:from|import|module)\s*\(?\s*"(\.[^"]+)\.js"/g;

/** The files that `entries` lead to, themselves included, and those of them that are not there. */
export function reachedDeclarations(entries) {
  const reached = new Set(entries);
  const missing = [];
  for (const file of reached) {
    if (!existsSync(file)) {
      missing.push(file);
      continue;
    }
    for (const [, path] of readFileSync(file, "utf8").matchAll(specifier))
      reached.add(join(dirname(file), `${path}.d.ts`));
  }
  return { reached, missing };
}

const reexport = /export\b[^;]*?\bfrom\s*"(\.[^"]+)\.js"/g;

/** The files that define what `entries` export: those that `export … from` leads to. Others are reached by types alone. */
export function definingDeclarations(entries) {
  const defining = new Set(entries);
  for (const file of defining)
    for (const [, path] of readFileSync(file, "utf8").matchAll(reexport))
      defining.add(join(dirname(file), `${path}.d.ts`));
  return defining;
}
