/**
 * Runs a study: `npm run bench -- STUDY [OPTIONS]`, which compiles by `tsc -p tsconfig.bench.json` into build/ and starts
 * `node build/bench/run.js`; the command `tensorone bench …` does the same. Leaves with 0, 1 (failed, or a gate not met),
 * 2 (called wrongly) or 128 plus the signal.
 */
import { commandHelp } from "../src/cli/help.js";
import { parse } from "../src/cli/parse.js";
import { TensoroneError, UsageError } from "../src/util/errors.js";
import { formatTable } from "../src/util/format.js";
import { studyOf } from "./line.js";
import { loadStudy, studyNames } from "./studies/index.js";
import { commandOf } from "./study.js";

async function listLines(): Promise<string[]> {
  const studies = await Promise.all(studyNames.map(loadStudy));
  return [
    "Measures tensorone on this machine, each figure with its spread.",
    "",
    "usage: npm run bench -- [STUDY] [options]",
    "",
    ...formatTable(studies.map(({ name, help }) => [`  ${name}`, help])),
    "",
    "Without a study, usual. STUDY --help tells more; --op NAME is short for op --op NAME, --backend gpu for gpu.",
  ];
}

async function run(args: readonly string[]): Promise<number> {
  const [first] = args;
  if (first === "--list" || first === "--help" || first === "-h" || first === "help") {
    process.stdout.write(`${(await listLines()).join("\n")}\n`);
    return 0;
  }
  const { name, rest } = studyOf(args);
  const study = await loadStudy(name);
  const command = commandOf(study);
  if (rest.includes("--help") || rest.includes("-h")) {
    process.stdout.write(`${commandHelp(command)}\n`);
    return 0;
  }
  const { values, words } = parse(command, rest);
  const stream = (values as { readonly json?: boolean }).json ? process.stderr : process.stdout;
  return (await study.run(values, words, (line) => void stream.write(`${line}\n`))) ?? 0;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const text = error instanceof TensoroneError ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`error: ${text}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
await new Promise((resolve) => process.stdout.write("", resolve));
// worker threads may still be parked
process.exit();
