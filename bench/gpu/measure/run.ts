/** One part after the other, whatever becomes of them; results are written after each. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeMachine, machineLine } from "../../measure/machine.js";
import { runChild } from "./child.js";
import { Findings, type PartEntry, shown } from "./findings.js";
import type { MeasureOptions } from "./options.js";
import type { Asked, Told } from "./part.js";
import { parts } from "./parts.js";

const MINUTE = 60_000;
/** A part that is given less would not come to its first row. */
const SHORTEST_PART_MS = 10_000;
/** Of its limit, what a part that looks at the time may plan for. */
const PLANNED = 0.85;

const described = ({ name, state, seconds, reason }: PartEntry): string =>
  `${name.padEnd(12)} ${state}${seconds === null ? "" : `, ${seconds.toFixed(0)} s`}${reason === null ? "" : `: ${reason}`}`;

const lineOf = (told: Told): string => ("row" in told ? Object.values(told.row).map(shown).join("  ") : told.note);

/** `program` plays a part when it is called as `program --child NAME ASKED`. Returns what was found. */
export async function measureAll(
  program: string,
  { chosen, minutes, isQuick, out }: MeasureOptions,
  say: (line: string) => void,
  shortestMs = SHORTEST_PART_MS,
): Promise<Findings> {
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
    if (limitMs < shortestMs) {
      entry.state = "left out";
      entry.reason = `the ${minutes} minutes were over; ./measure --part ${entry.name}`;
    } else {
      const asked = { isQuick, endsAtMs: PLANNED * limitMs };
      say(`\n${parts[entry.name].title}`);
      const text = await measurePart(program, entry, findings, asked, limitMs, say);
      appendFileSync(log, `\n--- ${described(entry)}\n${text}`);
    }
    say(described(entry));
    await findings.write();
  }
  say(`\nwritten: ${["measured.json", "measured.md", "log.txt"].map((name) => join(out, name)).join(", ")}`);
  return findings;
}

/** What the part has said beside its rows. */
async function measurePart(
  program: string,
  entry: PartEntry,
  findings: Findings,
  asked: Asked,
  limitMs: number,
  say: (line: string) => void,
): Promise<string> {
  entry.state = "running";
  const start = performance.now();
  const { problem, text } = await runChild(program, entry.name, asked, limitMs, (told) => {
    if ("note" in told && told.note === "") return;
    say(`  ${lineOf(told)}`);
    findings.tell(entry, told);
  });
  entry.seconds = (performance.now() - start) / 1000;
  entry.state = problem === null ? "done" : "failed";
  entry.reason = problem;
  return text;
}
