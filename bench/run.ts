/**
 * Runs a study: `npm run bench -- STUDY [OPTIONS]`, which compiles by `tsc -p tsconfig.bench.json` into build/ and starts
 * `node build/bench/run.js`; the command `tensorone bench …` does the same. Leaves with 0, 1 (failed, or a gate not met),
 * 2 (called wrongly) or 128 plus the signal.
 */
import { commandHelp } from "../src/cli/help.js";
import { parse } from "../src/cli/parse.js";
import { TensoroneError, UsageError } from "../src/util/errors.js";
import { formatTable } from "../src/util/format.js";
import { nearestName } from "../src/util/nearest.js";
import { loadStudy, type StudyName, studyNames } from "./studies/index.js";
import { commandOf } from "./study.js";

/** Lines that name no study mean one all the same. */
function studyOf(args: readonly string[]): { readonly name: StudyName; readonly rest: readonly string[] } {
  const [first, ...rest] = args;
  if (first !== undefined && !first.startsWith("-")) {
    const name = studyNames.find((one) => one === first);
    if (name !== undefined) return { name, rest };
    const nearest = nearestName(first, studyNames);
    throw new UsageError(
      `bench: there is no study ${first}${nearest === undefined ? "" : `, the nearest is ${nearest}`}`,
      "npm run bench -- --list shows all of them",
    );
  }
  if (args.some((word) => word === "--op" || word.startsWith("--op="))) return { name: "op", rest: args };
  const backend = args.findIndex((word) => /^--backend(=|$)/.test(word));
  if (backend >= 0) {
    const [word, next] = [args[backend]!, args[backend + 1]];
    const value = word.includes("=") ? word.slice(word.indexOf("=") + 1) : next;
    const after = backend + (word.includes("=") ? 1 : 2);
    const others = [...args.slice(0, backend), ...args.slice(after)];
    if (value === "gpu" || value === "wasm") return { name: value === "gpu" ? "gpu" : "usual", rest: others };
    throw new UsageError(`bench: --backend is ${value ?? "not given"}, expected wasm or gpu`);
  }
  return { name: "usual", rest: args };
}

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
