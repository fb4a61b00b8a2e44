/**
 * A training step in a worker of a Chromium page against the same step in Node, by turns, with the processor time that each thread of the
 * page's had. Chromium on the PATH, or CHROMIUM=FILE.
 */
import { join } from "node:path";
import { integer } from "../../src/cli/options.js";
import { UsageError } from "../../src/util/errors.js";
import { executable, launchChromium } from "../../test/browser/chromium.js";
import { serveCheckout } from "../../test/browser/server.js";
import { startStepper } from "../../test/browser/stepper.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { Player } from "../measure/player.js";
import { threadTicks } from "../measure/processes.js";
import { median, quantile } from "../measure/stats.js";
import { dryOption } from "../options.js";
import { repositoryRoot } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import { defineStudy } from "../study.js";
import { type StepWork, workName } from "../work/work.js";

const WARM_UP = 4;

const works: readonly StepWork[] = [
  { form: "train", model: "mobileone_s0", imageSize: 96, batch: 16, threads: 2 },
  { form: "train", model: "mobileone_s0", imageSize: 224, batch: 32, threads: 2 },
  { form: "deploy", model: "mobileone_s0", imageSize: 224, batch: 10, threads: 2 },
];

interface Row {
  readonly work: StepWork;
  readonly tabMs: number;
  readonly nodeMs: number;
  /** The tab's time by Node's, of each pair. */
  readonly ratios: readonly number[];
  /** Of the page's worker threads, most first: share of the time that the busiest had. */
  readonly shares: readonly number[];
}

async function playPairs(work: StepWork, pairs: number): Promise<Row> {
  const server = await serveCheckout({}, repositoryRoot);
  const browser = await launchChromium();
  const program = join(repositoryRoot, "build", "bench", "step-player.js");
  const node = await Player.start("Node", process.execPath, [program, JSON.stringify(work)]);
  try {
    if (typeof node === "string") throw new UsageError(`bench: ${node}`);
    const tab = await startStepper(browser, server.url, work);
    const times: { readonly tab: number[]; readonly node: number[] } = { tab: [], node: [] };
    let before = threadTicks();
    for (let pair = -WARM_UP; pair < pairs; pair++) {
      if (pair === 0) before = threadTicks();
      for (const who of pair % 2 === 0 ? (["tab", "node"] as const) : (["node", "tab"] as const)) {
        const ms = who === "tab" ? median(await tab.run(1)) : await node.step();
        if (pair >= 0) times[who].push(ms);
      }
    }
    const ticks = [...threadTicks()]
      .filter(([, { name }]) => name.startsWith("DedicatedWorker"))
      .map(([thread, { ticks }]) => ticks - (before.get(thread)?.ticks ?? 0))
      .sort((a, b) => b - a);
    await tab.close();
    return {
      work,
      tabMs: median(times.tab),
      nodeMs: median(times.node),
      ratios: times.tab.map((ms, i) => ms / times.node[i]!),
      shares: ticks.map((own) => own / Math.max(1, ticks[0]!)),
    };
  } finally {
    if (typeof node !== "string") node.stop();
    await browser.close();
    await server.close();
  }
}

const table = (rows: readonly Row[]): Table => ({
  head: ["work", "threads", "pairs", "tab", "Node", "tab / Node, median", "quartiles", "processor time by thread"],
  rows: rows.map(({ work, tabMs, nodeMs, ratios, shares }) => [
    ...[
      workName(work),
      String(work.threads),
      String(ratios.length),
      `${tabMs.toFixed(0)} ms`,
      `${nodeMs.toFixed(0)} ms`,
    ],
    ...[median(ratios).toFixed(2), `${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}`],
    shares.map((share) => share.toFixed(2)).join(", "),
  ]),
});

export const study = defineStudy({
  name: "tab",
  help: "a step in a worker of a Chromium page against Node's by turns, with the processor time of each thread",
  options: { pairs: integer({ help: "pairs that count, of each work", default: 15 }), dry: dryOption },
  examples: ["tab", "tab --pairs 5 --dry"],
  async run({ pairs, dry }, _, tell) {
    if (executable === undefined)
      throw new UsageError("bench: no Chromium was found", "apt-get install -y chromium, or CHROMIUM=FILE");
    const machine = describeMachine();
    const rows: Row[] = [];
    for (const work of works) {
      rows.push(await playPairs(work, pairs));
      tell(asLines(table(rows)).at(-1)!);
    }
    for (const line of ["", ...asLines(table(rows))]) tell(line);
    if (dry) return;
    const measured = afterwards(machine);
    const page = `# A step in a tab against Node's

In a worker of a page of headless Chromium, microtasks alone between its steps, and in a process of ${measured.node}; by turns, who begins
changing from pair to pair. The last column has the processor time of the page's worker threads by that of the busiest.
${machineLine(measured)}.

${asMarkdown(table(rows))}
`;
    savePage(study.name, { machine: measured, rows }, page);
  },
});
