/** The report of a run: gathered, rendered, written. Node only. */
import { join, relative, resolve } from "node:path";
import { writeFileAtomic } from "../util/atomic-file.js";
import { gatherRun } from "./facts/gather.js";
import { readUPlot } from "./page/uplot.js";
import { renderReport } from "./render.js";

/** Name of the report in a run folder. */
export const REPORT_NAME = "report.html";

export interface ReportOptions {
  /** The file to write. Default: report.html in the run folder. */
  readonly out?: string | undefined;
  /** Where the pictures are. Default: where the run found them. */
  readonly data?: string | undefined;
}

export interface WrittenReport {
  readonly path: string;
  readonly bytes: number;
}

export async function writeReport(run: string, options: ReportOptions = {}): Promise<WrittenReport> {
  const { data, out = join(run, REPORT_NAME) } = options;
  const uplot = await readUPlot();
  const facts = await gatherRun(run, { data, ownPath: relative(resolve(run), resolve(out)) });
  const text = new TextEncoder().encode(renderReport(facts, uplot, () => new Uint8Array()));
  await writeFileAtomic(out, text);
  return { path: out, bytes: text.length };
}
