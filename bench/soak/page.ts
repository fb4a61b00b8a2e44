/** bench/results/faults.json, and the page that is generated from it. A campaign that was not run keeps its earlier counts. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Machine, machineLine } from "../measure/machine.js";
import { resultsFolder } from "../paths.js";
import { savePage } from "../report/results.js";
import { asMarkdown } from "../report/tables.js";
import type { Count } from "./campaign.js";

const NAME = "faults";

/** A campaign as it ran last. */
export interface CampaignCounts {
  readonly name: string;
  readonly seed: number;
  readonly seconds: number;
  readonly counts: readonly Count[];
  readonly failures: readonly string[];
  readonly skipped: readonly string[];
}

interface Kept extends CampaignCounts {
  readonly machine: Machine;
  /** What became of its failures since, written by hand. */
  readonly since?: readonly string[];
}

function earlier(): readonly Kept[] {
  const path = join(resultsFolder, `${NAME}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { campaigns: readonly Kept[] }).campaigns : [];
}

/** Cells of a table hold no bars. */
const cell = (text: string): string => text.replaceAll("|", "\\|");

export function pageOf(campaigns: readonly Kept[]): string {
  const sections = campaigns.map(({ name, seed, seconds, machine, counts, failures, skipped, since = [] }) => {
    const [trials, failed] = (["trials", "failures"] as const).map((key) =>
      counts.reduce((sum, one) => sum + one[key], 0),
    );
    const rows = counts.map((one) => [cell(one.what), String(one.trials), String(one.failures), cell(one.note ?? "")]);
    return [
      `## ${name}`,
      `${trials} trials, ${failed} failures in ${Math.round(seconds / 6) / 10} minutes, seed ${seed}. ${machineLine(machine)}.`,
      asMarkdown({ head: ["what", "trials", "failures", "beside it"], rows }),
      ...(failures.length > 0
        ? [`Failed:\n\n${failures.map((line) => `- ${line.replaceAll("`", "'")}`).join("\n")}`]
        : []),
      ...(since.length > 0 ? [`Since then:\n\n${since.map((line) => `- ${line}`).join("\n")}`] : []),
      ...(skipped.length > 0 ? [`Not tried:\n\n${skipped.map((line) => `- ${line}`).join("\n")}`] : []),
    ].join("\n\n");
  });
  const introduction = `# Campaigns of faults

Written by \`npm run test:soak -- --minutes N\` (docs/faults.md, "Campaigns", says what each tries and what counts as a failure);
each campaign as it ran last.`;
  return `${[introduction, ...sections].join("\n\n")}\n`;
}

/** Writes both files; returns the path of the JSON. */
export function saveFaults(machine: Machine, campaigns: readonly CampaignCounts[]): string {
  const fresh = campaigns.map((one) => ({ ...one, machine }));
  const old = earlier().filter(({ name }) => !campaigns.some((one) => one.name === name));
  const all = [...fresh, ...old].sort((a, b) => (a.name < b.name ? -1 : 1));
  return savePage(NAME, { campaigns: all }, pageOf(all));
}
