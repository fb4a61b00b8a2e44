/** `card`: a run as a model card in Markdown. */
import { CARD_NAME, writeModelCard } from "../../report/card.js";
import { UsageError } from "../../util/errors.js";
import { defineCommand } from "../command.js";
import { evalBar } from "../eval-bar.js";
import { flag, text } from "../options.js";
import { checkOutput, demoData, shownPath } from "../paths.js";
import { runReportOptions } from "../report-options.js";
import { startBackend } from "../shared-options.js";

export const cardWriting = defineCommand({
  name: "card",
  summary: "Writes a model card of a run: model, training, pictures, answers, files with hashes",
  positionals: { names: ["RUN"] },
  options: {
    out: text({ help: `the file to write; default: ${CARD_NAME} in RUN`, placeholder: "FILE.md" }),
    force: flag({ help: "replace the card if it exists: what was filled in by hand is lost" }),
    ...runReportOptions,
  },
  examples: ["card runs/s0", "card runs/s0 --out s0.md --most-images 500"],
  async run(values, words, { terminal }) {
    const [run = ""] = words;
    const { out = `${run.replace(/[\\/]+$/, "")}/${CARD_NAME}`, data, decoder, mostImages, workers } = values;
    if (!/\.md$/i.test(out)) throw new UsageError(`card: --out ${out}, expected a name that ends in .md`);
    checkOutput("card", "", out, values.force);
    await startBackend(values);
    const { path } = await writeModelCard(run, {
      ...{ out, data, demo: demoData, decoder: decoder ?? undefined, mostImages, workers },
      onProgress: evalBar(terminal),
    });
    terminal.print(`wrote ${shownPath(path)}; what only its author knows is marked there`);
    return { json: { run, card: path } };
  },
});
