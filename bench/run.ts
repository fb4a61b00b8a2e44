/**
 * Runs a study: `npm run bench -- STUDY [OPTIONS]`, which compiles by `tsc -p tsconfig.bench.json` into build/ and starts
 * `node build/bench/run.js`; the command `tensorone bench …` does the same. Leaves with 0, 1 (failed, or a gate not met),
 * 2 (called wrongly) or 128 plus the signal.
 */
import { commandHelp, wordedRows, wrap } from "../src/cli/help.js";
import { parse } from "../src/cli/parse.js";
import { printJson, report } from "../src/cli/report.js";
import { textWidth } from "../src/util/terminal.js";
import { studyOf } from "./line.js";
import { loadStudy, studyNames } from "./studies/index.js";
import { commandOf } from "./study.js";

async function listLines(width: number): Promise<string[]> {
  const studies = await Promise.all(studyNames.map(loadStudy));
  return [
    "Measures tensorone on this machine, each figure with its spread.",
    "",
    "usage: npm run bench -- [STUDY] [options]",
    "",
    ...wordedRows(
      studies.map(({ name, help }) => [name, help]),
      width,
    ),
    "",
    ...wrap(
      "Without a study, usual. STUDY --help tells more; --op NAME is short for op --op NAME, --backend gpu for gpu.",
      width,
    ),
  ];
}

/** A help, as one object under --json. */
function say(help: string, isJson: boolean): number {
  if (isJson) printJson({ help });
  else process.stdout.write(`${help}\n`);
  return 0;
}

async function run(args: readonly string[], isJson: boolean): Promise<number> {
  const width = textWidth(process.stdout, process.env);
  const [first] = args.filter((word) => word !== "--json");
  if (first === "--list" || first === "--help" || first === "-h" || first === "help")
    return say((await listLines(width)).join("\n"), isJson);
  const { name, rest } = studyOf(args);
  const study = await loadStudy(name);
  const command = commandOf(study);
  if (rest.includes("--help") || rest.includes("-h")) return say(commandHelp(command, width), isJson);
  const { values, words } = parse(command, rest);
  const stream = (values as { readonly json?: boolean }).json ? process.stderr : process.stdout;
  return (await study.run(values, words, (line) => void stream.write(`${line}\n`))) ?? 0;
}

const args = process.argv.slice(2);
const isJson = args.includes("--json");
try {
  process.exitCode = await run(args, isJson);
} catch (error) {
  process.exitCode = report(error, isJson);
}
await new Promise((resolve) => process.stdout.write("", resolve));
// worker threads may still be parked
process.exit();
