/**
 * Runs campaigns: `npm run test:soak -- --minutes N`, which compiles into build/ and starts `node build/bench/soak/index.js`. Counts go
 * to bench/results/faults.json and its page unless --dry. Leaves with 0, 1 (something failed) or 2 (called wrongly).
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "../../src/cli/command.js";
import { commandHelp } from "../../src/cli/help.js";
import { flag, integer, number, repeated, text, type Values } from "../../src/cli/options.js";
import { parse } from "../../src/cli/parse.js";
import { printJson, report } from "../../src/cli/report.js";
import { UsageError } from "../../src/util/errors.js";
import { nearestName } from "../../src/util/nearest.js";
import { textWidth } from "../../src/util/terminal.js";
import { afterwards, describeMachine } from "../measure/machine.js";
import { repositoryRoot } from "../paths.js";
import { type CampaignName, campaignNames, loadCampaign } from "./campaigns.js";
import { type CampaignCounts, saveFaults } from "./page.js";

/** A short form has no time to be over before it is done. */
const SHORT_MINUTES = 10;

const options = {
  minutes: number({ help: "how long all of them take together", placeholder: "N", default: 10, example: 30 }),
  seed: integer({ help: "of every draw; the same seed tries the same files and moments", min: 0, default: 0 }),
  only: repeated(
    text({
      help: "a campaign, or CAMPAIGN/PART for some of its parts; several times for several",
      placeholder: "NAME",
    }),
  ),
  jobs: integer({ help: "processes that read mutants at a time", default: 1 }),
  short: flag({ help: "the least of each, as the slow suite runs it: a minute" }),
  dry: flag({ help: "print, but leave bench/results as it is" }),
  keep: text({ help: "where inputs that failed are kept", placeholder: "DIR", default: join("build", "soak-faults") }),
  list: flag({ help: "show the campaigns" }),
  json: flag({ help: "the counts as one JSON object on stdout; lines for people go to stderr" }),
  help: flag({ help: "show this text" }),
} as const;

const command: Command = {
  name: "test:soak",
  summary: `Damages, kills, floods and starves what there is, and counts. Campaigns: ${campaignNames.join(", ")}.`,
  options,
  examples: [
    "test:soak -- --minutes 30",
    "test:soak -- --short --dry",
    "test:soak -- --only mutants/PNG --minutes 2 --seed 7",
  ],
  run: () => Promise.reject(new Error("test:soak is run by bench/soak/index.ts")),
};

/** What --only asks for: parts by campaign, all where it is not given. */
function chosen(only: readonly string[]): Map<CampaignName, string[]> {
  if (only.length === 0) return new Map(campaignNames.map((name) => [name, []]));
  const found = new Map<CampaignName, string[]>();
  for (const word of only) {
    const [first = "", part] = word.split(/\/(.*)/s);
    const name = campaignNames.find((one) => one === first);
    if (name === undefined)
      throw new UsageError(
        `--only: there is no campaign ${first}, expected one of ${campaignNames.join(", ")}`,
        nearestName(first, campaignNames),
      );
    found.set(name, [...(found.get(name) ?? []), ...(part === undefined ? [] : [part])]);
  }
  return found;
}

async function run(args: readonly string[]): Promise<number> {
  const values = parse(command, args).values as unknown as Values<typeof options>;
  const width = textWidth(process.stdout, process.env);
  if (values.help) {
    process.stdout.write(`${commandHelp(command, width)}\n`);
    return 0;
  }
  const stream = values.json ? process.stderr : process.stdout;
  const tell = (line: string): void => void stream.write(`${line}\n`);
  if (values.list) {
    for (const name of campaignNames) tell(`${name}: ${(await loadCampaign(name)).help}`);
    return 0;
  }
  const parts = chosen(values.only);
  const machine = describeMachine();
  const minutes = values.short ? SHORT_MINUTES : values.minutes;
  const end = performance.now() + 60_000 * minutes;
  const loaded = await Promise.all([...parts].map(async ([name, of]) => ({ name, of, ...(await loadCampaign(name)) })));
  const results: CampaignCounts[] = [];
  let shares = loaded.reduce((sum, { share }) => sum + share, 0);
  for (const { name, of, share, run } of loaded) {
    const start = performance.now();
    const folder = mkdtempSync(join(tmpdir(), `soak-${name}-`));
    const keep = resolve(repositoryRoot, values.keep);
    mkdirSync(keep, { recursive: true });
    tell(`${name}: about ${(((end - start) * share) / shares / 60_000).toFixed(1)} minutes`);
    const deadline = start + ((end - start) * share) / shares;
    shares -= share;
    try {
      const context = {
        seed: values.seed,
        deadline,
        isShort: values.short,
        jobs: values.jobs,
        folder,
        keep,
        parts: of,
      };
      const { counts, skipped = [], ...found } = await run({ ...context, tell });
      // a page says nothing of where it was made
      const failures = found.failures.map((line) =>
        line.replaceAll(folder, "…").replaceAll(`${repositoryRoot}/`, "").replaceAll("file://", ""),
      );
      const seconds = Math.round((performance.now() - start) / 1000);
      for (const { what, trials, failures: failed, note } of counts)
        tell(`  ${what}: ${trials} tried, ${failed} failed${note === undefined ? "" : `; ${note}`}`);
      for (const line of [...failures.map((one) => `FAILED ${one}`), ...skipped.map((one) => `not tried: ${one}`)])
        tell(`  ${line}`);
      results.push({ name, seed: values.seed, seconds, counts, failures, skipped });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  if (!values.dry) tell(`saved ${saveFaults(afterwards(machine), results)}`);
  if (values.json) printJson({ machine: afterwards(machine), campaigns: results });
  const failed = results.flatMap(({ counts }) => counts).reduce((sum, { failures }) => sum + failures, 0);
  tell(failed === 0 ? "nothing failed" : `${failed} trials failed`);
  return failed === 0 ? 0 : 1;
}

const args = process.argv.slice(2);
try {
  process.exitCode = await run(args);
} catch (error) {
  process.exitCode = report(error, args.includes("--json"));
}
// data threads may still be parked
process.exit();
