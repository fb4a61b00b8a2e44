/** The report that a run ends with. A run that is done stays done, whatever becomes of its report. */
import { type ReportOptions, writeReport } from "../../report/report.js";
import { TensoroneError } from "../../util/errors.js";
import type { Terminal } from "../../util/terminal.js";
import { evalBar } from "../eval-bar.js";

/** Its path; null where it could not be written, which is told. */
export async function reportAtEnd(
  out: string,
  { certificate, ...options }: Pick<ReportOptions, "certificate" | "workers" | "decoder">,
  terminal: Terminal,
): Promise<string | null> {
  try {
    return (await writeReport(out, { certificate, ...options, onProgress: evalBar(terminal) })).path;
  } catch (error) {
    terminal.print(`no report was written: ${error instanceof TensoroneError ? error.summary : String(error)}`);
    return null;
  } finally {
    terminal.clear();
  }
}
