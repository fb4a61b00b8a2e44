/** The report that a run ends with. A run that is done stays done, whatever becomes of its report. */
import { writeReport } from "../../report/report.js";
import { TensoroneError } from "../../util/errors.js";
import type { Terminal } from "../../util/terminal.js";

export async function reportAtEnd(out: string, terminal: Terminal): Promise<void> {
  try {
    await writeReport(out);
  } catch (error) {
    terminal.print(`no report was written: ${error instanceof TensoroneError ? error.summary : String(error)}`);
  }
}
