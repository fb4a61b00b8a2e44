/** Where the run ran, how fast, and on which pictures. */
import type { RunSession } from "../../train/loggers/machine.js";
import { formatBytes, formatDuration, formatInteger, formatSpeed } from "../../util/format.js";
import type { DataFacts, RunFacts } from "../facts/run-facts.js";
import { type Html, html } from "../page/html.js";
import { foundOr, listOf, missingNote, type Section, tableOf } from "./section.js";

const median = (values: readonly number[]): number => {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : sorted[Math.floor(sorted.length / 2)]!;
};

/** Images a second over the run; the first point has a process that compiles. NaN without a log. */
export function medianSpeed({ log }: RunFacts): number {
  if (!("value" in log)) return Number.NaN;
  const speeds = log.value.points.map(({ values }) => values.imagesPerSecond);
  return median(speeds.length > 1 ? speeds.slice(1) : speeds);
}

/** Milliseconds that the run took: as its sessions say, else its steps alone. NaN where neither is known. */
export function runMs({ sessions, log }: RunFacts): number {
  const known = sessions.map(({ seconds }) => seconds);
  if (known.length > 0 && known.every((seconds) => seconds !== null))
    return 1000 * known.reduce((sum: number, seconds) => sum + seconds!, 0);
  return "value" in log ? log.value.stepMs : Number.NaN;
}

const timeOf = (iso: string): string => iso.replace(/T(\d\d:\d\d).*/, " $1 UTC");

/** One stretch of the run. */
function sessionList(session: RunSession): Html {
  const { startedAt, startStep, endStep, seconds, cpu, cores, memoryBytes, system, node } = session;
  const { backend, decoder, replicas, processes, transport } = session;
  return listOf([
    ["begun", timeOf(startedAt)],
    ["steps", `${formatInteger(startStep + 1)} to ${endStep === null ? "?" : formatInteger(endStep)}`],
    ["took", seconds === null ? "it did not end by itself" : formatDuration(1000 * seconds)],
    ["processor", `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}, ${formatBytes(memoryBytes)} of memory`],
    ["system", `${system}, Node ${node}`],
    ["backend", `${backend}; pictures decoded by ${decoder}`],
    ["shared by", replicas * processes === 1 ? "" : `${replicas} replicas on ${processes} processes, ${transport}`],
  ]);
}

function dataTable({ root, classes, splits }: DataFacts): Html {
  const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
  const most = Math.max(1, ...splits.flatMap(({ counts }) => counts));
  const barOf = (count: number): Html =>
    html`<span class="bar" style="width:${Math.max(1, Math.round((120 * count) / most))}px"></span>`;
  const columns = [
    { title: "class" },
    ...splits.map(({ split }) => ({ title: split, isNumber: true })),
    { title: "share of the largest" },
  ];
  const rows = classes.map((label, i) => {
    const first = splits[0]?.counts[i] ?? 0;
    return {
      cells: [
        label,
        ...splits.map(({ counts }) => ({ shown: formatInteger(counts[i] ?? 0), value: counts[i] ?? 0 })),
        { shown: barOf(first), value: first },
      ],
    };
  });
  const totals = [
    { cells: ["all", ...splits.map(({ counts }) => formatInteger(total(counts))), ""], kind: "total" as const },
  ];
  return html`<p>${splits.map(({ split, images }, i) => `${i > 0 ? ", " : ""}${formatInteger(images)} pictures of ${split}`)}, ${formatInteger(classes.length)} ${classes.length === 1 ? "class" : "classes"}, in <code>${root}</code>.</p>
<div class="wide scroll" tabindex="0" role="group" aria-label="Pictures of each class">${tableOf(columns, rows, { isSortable: true, totals })}</div>`;
}

export const dataSection = ({ data }: RunFacts): Section => ({
  id: "data",
  title: "Pictures",
  body: foundOr(data, dataTable),
});

export function machineSection(facts: RunFacts): Section {
  const { sessions, log } = facts;
  const speed = medianSpeed(facts);
  const wait = "value" in log ? median(log.value.points.map(({ values }) => values.dataWait)) : Number.NaN;
  const time = runMs(facts);
  const stretches = facts.tab
    ? html`<p>${facts.tab.machine}</p>`
    : sessions.length === 0
      ? missingNote("No machine.json: the run was made by an earlier version, or was copied without it.")
      : sessions.map((session, i) => [sessions.length > 1 && html`<h3>Stretch ${i + 1}</h3>`, sessionList(session)]);
  return {
    id: "machine",
    title: "Machine and speed",
    body: [
      listOf([
        ["median speed", Number.isNaN(speed) ? "" : `${formatSpeed(speed)} images a second`],
        ["waiting for pictures", Number.isNaN(wait) ? "" : `${(100 * wait).toFixed(0)} % of a step`],
        ["time", Number.isNaN(time) ? "" : formatDuration(time)],
      ]),
      stretches,
    ],
  };
}
