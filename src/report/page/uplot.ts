/**
 * uPlot, which draws the curves of a report (MIT, github.com/leeoniya/uPlot): its minified script, its style and its licence, of which
 * the build lays copies beside this file: 53 KB instead of a dependency of 540. Node only.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { TensoroneError } from "../../util/errors.js";

/** Texts of the package's files, as scripts/build.mjs copies them into uplot/. */
export interface UPlotAssets {
  readonly script: string;
  readonly style: string;
  readonly license: string;
}

async function read(name: string): Promise<string> {
  try {
    return await readFile(new URL(`uplot/${name.replace("dist/", "")}`, import.meta.url), "utf8");
  } catch {
    // a checkout that runs from src/ has no copy
    return readFile(createRequire(import.meta.url).resolve(`uplot/${name}`), "utf8");
  }
}

/** Throws TensoroneError where a checkout has not installed it. */
export async function readUPlot(): Promise<UPlotAssets> {
  try {
    const names = ["dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE"] as const;
    const [script, style, license] = (await Promise.all(names.map(read))) as [string, string, string];
    return { script, style, license };
  } catch {
    throw new TensoroneError(
      "report: uPlot is not there, expected a copy beside the report's code",
      "npm ci && npm run build",
    );
  }
}
