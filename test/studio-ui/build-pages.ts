/** The studio bundled for tests: with the worker that computes nothing, or as it is shipped. */
import { mkdtempSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, mergeConfig, type Plugin } from "vite";
import settings from "../../vite.studio.config.js";

const root = join(import.meta.dirname, "..", "..");

/** Another module in the place of the one that starts the worker. */
const pretending: Plugin = {
  name: "pretending",
  enforce: "pre",
  resolveId: (name) => (name.endsWith("/engine.js") ? join(root, "test/studio-ui/pretending-engine.ts") : undefined),
};

/** A folder below build/ with the pages; the caller removes it. */
export async function buildPages(folder: string): Promise<string> {
  const outDir = mkdtempSync(join(resolve(folder), "pages-"));
  await build(mergeConfig({ ...settings, configFile: false }, { plugins: [pretending], build: { outDir } }));
  return outDir;
}
