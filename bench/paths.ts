/** Where things are, seen from bench/ and from build/bench/ alike. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../src/util/errors.js";

/** The nearest folder upwards that holds a package.json; where none does, the one that is worked in. */
export function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) return process.cwd();
  }
}

/** The folder of package.json. */
export const repositoryRoot = findRoot(dirname(fileURLToPath(import.meta.url)));
/** Sources: what the compiler does not copy lies here. */
export const benchFolder = join(repositoryRoot, "bench");
export const resultsFolder = join(benchFolder, "results");

/** The command line as users run it. */
export const builtCommandLine = join(repositoryRoot, "dist", "cli", "main.js");

/** Throws UsageError where it is not built. */
export function expectBuilt(): void {
  if (!existsSync(builtCommandLine))
    throw new UsageError("bench: there is no dist/cli/main.js, expected the built command line", "npm run build");
}
