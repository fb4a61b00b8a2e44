/** `predict`: the classes a model sees in pictures, with its scores, as they come. */
import { classifyFiles } from "../../train/looking/classify-files.js";
import { picturePaths } from "../../train/looking/picture-paths.js";
import { formatInteger, formatPercent, formatTable } from "../../util/format.js";
import { printable } from "../../util/printable.js";
import { progressBar, type Terminal } from "../../util/terminal.js";
import { defineCommand } from "../command.js";
import { flag, integer, text } from "../options.js";
import { checkOutput, shownPath } from "../paths.js";
import { type Answer, formatOf, writeAnswers } from "../pictures/answer-file.js";
import { modelOptions, openModel, pictureOptions, pictureWords } from "../pictures/opened-model.js";
import { PassedOver } from "../pictures/passed-over.js";
import { workersOption } from "../shared-options.js";

const BAR_WIDTH = 20;

export const predict = defineCommand({
  name: "predict",
  summary: "Names what is in pictures, with scores",
  positionals: pictureWords,
  options: {
    ...modelOptions,
    topK: integer({ help: "classes of each picture", default: 5 }),
    out: text({
      help: "write the answers to a table (.csv) or as JSON lines (.jsonl) instead of showing them",
      placeholder: "FILE",
    }),
    force: flag({ help: "replace FILE if it exists" }),
    workers: workersOption,
    ...pictureOptions,
  },
  examples: [
    "predict --checkpoint runs/s0/model-deploy.safetensors cat.jpg dog.png",
    "predict --checkpoint runs/pets --top-k 1 new-pictures",
    "predict --checkpoint runs/pets new-pictures --out answers.csv",
    "predict --checkpoint runs/pets - --out answers.jsonl --force",
  ],
  async run(values, words, { terminal, aside }) {
    const { topK, out, workers } = values;
    if (out !== undefined) {
      formatOf(out);
      checkOutput("predict", "", out, values.force);
    }
    const paths = picturePaths("predict", words, process.stdin);
    const opened = await openModel("predict", values, aside);
    const { model, names, info, sizes, decoder } = opened;
    const passedOver = new PassedOver(aside);
    let count = 0;
    async function* answers(): AsyncGenerator<Answer> {
      const options = { ...sizes, ...(names && { classNames: names }), topK, decoder, workers, where: opened.where };
      for await (const { path, classes, problem } of classifyFiles(model, paths, options)) {
        if (problem) passedOver.add(path, problem);
        else {
          count++;
          yield { image: path, classes: classes.map(({ index, label, score }) => ({ index, name: label, score })) };
        }
      }
    }
    const kept: Answer[] = [];
    if (out === undefined)
      for await (const answer of answers()) {
        show(terminal, answer);
        if (values.json) kept.push(answer);
      }
    else {
      const onLine = () => terminal.update(`${formatInteger(count)} pictures`);
      await writeAnswers(out, answers(), Math.min(topK, info.numClasses), onLine);
      terminal.print(`wrote ${shownPath(out)}: ${formatInteger(count)} pictures`);
    }
    const exitCode = passedOver.finish(count);
    const { checkpoint } = opened;
    const about = { checkpoint, model: info.model, form: info.form, decoder, failed: passedOver.failed };
    return { json: { ...about, ...(out === undefined ? { images: kept } : { out, count }) }, exitCode };
  },
});

/** Bars for people, one line a class for programs: path, score, class. */
function show(terminal: Terminal, { image, classes }: Answer): void {
  if (!terminal.isLive) {
    for (const { name, score } of classes) terminal.printRow([image, score.toFixed(4), name]);
    return;
  }
  terminal.print(terminal.paint("bold", shownPath(image)));
  const rows = classes.map((guess) => [
    `  ${printable(guess.name)}`,
    formatPercent(100 * guess.score),
    progressBar(guess.score, BAR_WIDTH),
  ]);
  for (const line of formatTable(rows, [false, true, false])) terminal.print(line);
}
