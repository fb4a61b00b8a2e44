/** `verify-dataset`: decodes every picture of a data set and lists what is wrong or unusual, before a training run does. */
import { loadDecoder } from "../../data/codecs/decoder.js";
import { type Oddity, verifyDataset } from "../../data/verify.js";
import { formatInteger, formatSpeed, formatTable } from "../../util/format.js";
import { printable } from "../../util/printable.js";
import { progressBar, type Terminal } from "../../util/terminal.js";
import { defineCommand } from "../command.js";
import { shownData, shownPath } from "../paths.js";
import {
  allWorkersOption,
  commonOptions,
  decoderLabel,
  decoderOption,
  valFractionOf,
  valFractionOption,
} from "../shared-options.js";

/** Names shown of each kind of unusual picture; --json has them all. */
const SHOWN_ODDITIES = 5;
const BAR_WIDTH = 24;

export const verification = defineCommand({
  name: "verify-dataset",
  summary: "Decodes every picture of a data set and lists what is wrong, odd or passed over",
  exits: [
    ["1", "something is wrong that training would stop at; what is odd, damaged but readable among it, is no fault"],
  ],
  positionals: { names: ["DIR"], isRepeated: true },
  options: { valFraction: valFractionOption, workers: allWorkersOption, decoder: decoderOption, ...commonOptions },
  examples: [
    "verify-dataset path/to/imagenet",
    "verify-dataset shards --decoder libjpeg-turbo --json",
    "verify-dataset my-pictures more.csv --val-fraction 0.1",
  ],
  async run(values, words, { terminal }) {
    const data = words.length === 1 ? words[0]! : words;
    const { workers } = values;
    const { name: decoder } = await loadDecoder(values.decoder);
    terminal.print(`data ${shownData(data)}: every picture is decoded  ${decoderLabel(decoder, workers)}`);
    const start = performance.now();
    const report = await verifyDataset({
      data,
      ...valFractionOf(values),
      decoder,
      workers,
      onProgress: ({ split, done, total }) =>
        terminal.update(`${split}  ${progressBar(done / total, BAR_WIDTH)}  ${done}/${total}`),
    });
    terminal.clear();
    const { splits, problems, warnings, oddities } = report;
    for (const [split, { images, perClass }] of Object.entries(splits)) {
      const counts = Object.values(perClass);
      const range = counts.length === 0 ? "" : `, ${Math.min(...counts)} to ${Math.max(...counts)} of each`;
      terminal.print(`${split}: ${formatInteger(images)} pictures in ${counts.length} classes${range}`);
    }
    for (const line of oddityLines(oddities)) terminal.print(line);
    if (warnings.length > 0) terminal.print("training goes on with these:");
    for (const warning of warnings) terminal.print(`  ${warning}`);
    showProblems(terminal, problems);
    const images = Object.values(splits).reduce((sum, split) => sum + split.images, 0);
    const imagesPerSecond = (1000 * images) / (performance.now() - start);
    terminal.print(`${formatInteger(images)} pictures at ${formatSpeed(imagesPerSecond)} img/s`);
    return { json: { data, decoder, ...report, imagesPerSecond }, exitCode: problems.length > 0 ? 1 : 0 };
  },
});

function showProblems(terminal: Terminal, problems: readonly string[]): void {
  if (problems.length === 0) terminal.print(terminal.paint("green", "nothing is wrong"));
  else
    terminal.print(
      terminal.paint(
        "red",
        problems.length === 1 ? "1 thing is wrong:" : `${formatInteger(problems.length)} things are wrong:`,
      ),
    );
  for (const problem of problems) terminal.print(`  ${printable(problem)}`);
}

/** Unusual pictures by kind, with the first few of each. */
function oddityLines(oddities: readonly Oddity[]): string[] {
  const byKind = new Map<string, string[]>();
  for (const { path, what } of oddities) {
    const paths = byKind.get(what);
    if (paths === undefined) byKind.set(what, [path]);
    else paths.push(path);
  }
  const rows = [...byKind].map(([what, paths]) => [
    `  ${formatInteger(paths.length)}`,
    what,
    [...paths.slice(0, SHOWN_ODDITIES).map(shownPath), ...(paths.length > SHOWN_ODDITIES ? ["…"] : [])].join(", "),
  ]);
  return rows.length === 0 ? [] : ["unusual, but readable:", ...formatTable(rows, [true, false, false])];
}
