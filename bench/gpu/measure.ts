/**
 * `./measure` of the GPU bundle (docs/on-a-gpu.md), also `node build/bench/gpu/measure.js`: all that a machine with a card can
 * tell, part by part, each in a process of its own, results written after every part.
 */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TensoroneError, UsageError } from "../../src/util/errors.js";
import { describeMachine, machineLine } from "../measure/machine.js";
import { repositoryRoot } from "../paths.js";
import { playPart, runChild } from "./measure/child.js";
import { Findings, type PartEntry } from "./measure/findings.js";
import { help, type MeasureOptions, parseMeasureOptions } from "./measure/options.js";
import type { Asked, Told } from "./measure/part.js";
import { type PartName, parts } from "./measure/parts.js";

const program = fileURLToPath(import.meta.url);
const MINUTE = 60_000;
/** A part that is given less would not come to its first row. */
const SHORTEST_PART_MS = 10_000;
/** Before its limit, for a part that looks at the time. */
const MARGIN = 0.85;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const described = ({ name, state, seconds, reason }: PartEntry): string =>
  `${name.padEnd(12)} ${state}${seconds === null ? "" : `, ${seconds.toFixed(0)} s`}${reason === null ? "" : `: ${reason}`}`;

function show(told: Told): void {
  if ("row" in told) say(`  ${Object.values(told.row).join("  ")}`);
  else if (told.note !== "") say(`  ${told.note}`);
}

async function measureAll({ chosen, minutes, isQuick, out }: MeasureOptions): Promise<void> {
  mkdirSync(out, { recursive: true });
  const machine = describeMachine();
  const findings = new Findings(chosen, machine, out, isQuick);
  const log = join(out, "log.txt");
  writeFileSync(log, `${machineLine(machine)}\n`);
  say(`${machineLine(machine)}\nresults in ${out}`);
  const end = performance.now() + minutes * MINUTE;
  await findings.write();
  for (const entry of findings.entries) {
    const limitMs = Math.min(parts[entry.name].minutes * MINUTE, end - performance.now());
    if (limitMs < SHORTEST_PART_MS) {
      entry.state = "left out";
      entry.reason = `the ${minutes} minutes were over; ./measure --part ${entry.name}`;
    } else await measurePart(entry, findings, { isQuick, endsAtMs: MARGIN * limitMs }, limitMs, log);
    say(described(entry));
    await findings.write();
  }
  say(`\nwritten: ${["measured.json", "measured.md", "log.txt"].map((name) => join(out, name)).join(", ")}`);
}

async function measurePart(
  entry: PartEntry,
  findings: Findings,
  asked: Asked,
  limitMs: number,
  log: string,
): Promise<void> {
  entry.state = "running";
  say(`\n${parts[entry.name].title}`);
  const start = performance.now();
  const { problem, text } = await runChild(program, entry.name, asked, limitMs, (told) => {
    show(told);
    if (!("note" in told && told.note === "")) findings.tell(entry, told);
  });
  entry.seconds = (performance.now() - start) / 1000;
  entry.state = problem === null ? "done" : "failed";
  entry.reason = problem;
  appendFileSync(log, `\n--- ${described(entry)}\n${text}`);
}

try {
  const [first, name, asked] = process.argv.slice(2);
  if (first === "--child") await playPart(parts[name as PartName].run, JSON.parse(asked!) as Asked);
  const options = parseMeasureOptions(process.argv.slice(2), join(repositoryRoot, "results"));
  if (options.wantsHelp) say(help);
  else await measureAll(options);
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(
    `error: ${error instanceof TensoroneError ? error.message : ((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
process.exit();
