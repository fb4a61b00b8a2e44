/** A counted step as a table, beside those of earlier commits. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeMachine } from "../measure/machine.js";
import { resultsFolder } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import type { Tell } from "../study.js";
import { card, type Roofline, type RooflineRow, rooflineOf } from "./roofline.js";

/** What is kept of a commit's step. */
interface Total extends Omit<RooflineRow, "kernel"> {
  readonly commit: string | null;
  readonly date: string;
  readonly workingByTime: number;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 1)} GB`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;

const cells = ({ dispatches, bytes, flops, floorMs, working, threads }: Omit<RooflineRow, "kernel">): string[] => [
  String(dispatches),
  gigabytes(bytes),
  flops > 0 ? `${(flops / 1e9).toFixed(1)} GFLOP` : "",
  ms(floorMs),
  percent(working / threads),
];

const HEAD = ["dispatches", "read and written", "arithmetic", "floor", "threads that work"] as const;

/** Rows that are shown; the others become one. */
const SHOWN = 30;

function kernelTable({ rows, total }: Roofline): Table {
  const others = rows.slice(SHOWN);
  const sum = (field: keyof Omit<RooflineRow, "kernel">): number => others.reduce((all, row) => all + row[field], 0);
  const rest = {
    dispatches: sum("dispatches"),
    bytes: sum("bytes"),
    flops: sum("flops"),
    floorMs: sum("floorMs"),
    threads: sum("threads"),
    working: sum("working"),
  };
  return {
    head: ["op: kernel", ...HEAD],
    rows: [
      ...rows.slice(0, SHOWN).map((row) => [row.kernel, ...cells(row)]),
      ...(others.length > 0 ? [[`${others.length} others`, ...cells(rest)]] : []),
      ["all", ...cells(total)],
    ],
  };
}

const totalsTable = (totals: readonly Total[]): Table => ({
  head: ["commit", ...HEAD, "weighed by floor"],
  rows: totals.map((one) => [one.commit ?? "", ...cells(one), percent(one.workingByTime)]),
});

/** Totals of earlier commits, with this one's after them. */
function totalsWith(path: string, own: Total): Total[] {
  const earlier = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { totals: Total[] }).totals : [];
  return [...earlier.filter(({ commit }) => commit !== own.commit), own];
}

/** Counts a step, tells the table, and saves it under a name. */
export async function roofline(
  work: { readonly model: string; readonly batch: number; readonly imageSize: number },
  { save, isJson }: { readonly save: string | undefined; readonly isJson: boolean },
  tell: Tell,
): Promise<void> {
  const { commit, date } = describeMachine();
  const found = await rooflineOf(work);
  const own: Total = { commit, date, ...found.total, workingByTime: found.workingByTime };
  const totals = totalsWith(join(resultsFolder, `${save ?? "gpu-roofline"}.json`), own);
  const data = { ...found, totals };
  for (const line of [...asLines(kernelTable(found)), "", ...asLines(totalsTable(totals))]) tell(line);
  if (save !== undefined) {
    const rates = `${card.bytesPerSecond / 1e12} TB/s, ${card.flopsPerSecond / 1e12} TFLOP/s and ${card.secondsPerDispatch * 1e6} µs a dispatch`;
    const page = [
      "# A training step on the gpu backend, counted\n",
      `Written by \`npm run bench -- gpu-roofline --save ${save}\`, which needs no card: the program of a replayed step of ${work.model}, batch ${work.batch}, ${work.imageSize} px, is lowered for a device that counts.\n`,
      `Bytes: every array of a dispatch once, overwritten ones that are read as well twice. Floor: the longest of bytes, arithmetic and the dispatch itself at ${rates}; nothing is measured and no card is promised to reach it. Threads that work: those that compute or load something, of all that are started; weighed by floor, a dispatch counts as much as its time.\n`,
      asMarkdown(kernelTable(found)),
      "\n## By commit\n",
      asMarkdown(totalsTable(totals)),
    ];
    tell(`\nsaved ${savePage(save, data, `${page.join("\n")}\n`)}`);
  }
  if (isJson) process.stdout.write(`${JSON.stringify(data)}\n`);
}
