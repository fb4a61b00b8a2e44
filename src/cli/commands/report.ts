/** `report`: a run as one HTML file that works offline. */
import { writeReport } from "../../report/report.js";
import { UsageError } from "../../util/errors.js";
import { formatBytes } from "../../util/format.js";
import { defineCommand } from "../command.js";
import { evalBar } from "../eval-bar.js";
import { flag, text } from "../options.js";
import { checkOutput, demoData, shownPath } from "../paths.js";
import { runReportOptions } from "../report-options.js";
import { startBackend } from "../shared-options.js";

export const reporting = defineCommand({
  name: "report",
  summary: "Writes what a run did and what its model answers as one HTML file that works offline",
  positionals: { names: ["RUN"] },
  options: {
    out: text({ help: "the file to write; default: report.html in RUN, which it replaces", placeholder: "FILE.html" }),
    force: flag({ help: "replace FILE.html if it exists" }),
    ...runReportOptions,
  },
  examples: [
    "report runs/s0",
    "report runs/s0 --out s0.html --data my-pictures --most-images 500",
    "report runs/s0 --out s0.html --force --workers 2 --decoder jpeg-js",
  ],
  async run(values, words, { terminal }) {
    const [run] = words;
    if (run === undefined)
      throw new UsageError("report: no run folder, expected one", "report RUN takes what train --out wrote");
    const { out, data, decoder, mostImages, workers } = values;
    if (out !== undefined && !/\.html?$/i.test(out))
      throw new UsageError(`report: --out ${out}, expected a name that ends in .html`);
    if (out !== undefined) checkOutput("report", "", out, values.force);
    await startBackend(values);
    const { path, bytes } = await writeReport(run, {
      ...{ out, data, demo: demoData, decoder: decoder ?? undefined, mostImages, workers },
      onProgress: evalBar(terminal),
    });
    terminal.print(`wrote ${shownPath(path)}, ${formatBytes(bytes)}`);
    return { json: { run, report: path, bytes } };
  },
});
