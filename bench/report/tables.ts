/** Results as tables: for a terminal, and the same cells as Markdown. */
import { formatBytes, formatTable } from "../../src/util/format.js";
import type { Peaks } from "../measure/peaks.js";
import type { OpCost } from "../measure/profile.js";
import type { KernelRow } from "../measure/suite.js";
import type { StepRow } from "../work/steps.js";

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const figures = (value: number | undefined): string =>
  value === undefined ? "" : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
const percent = (share: number | undefined): string => (share === undefined ? "" : `${(100 * share).toFixed(0)} %`);
/** Half the distance between the quartiles, as people write a spread. */
const plusMinus = (spread: number): string => `±${(50 * spread).toFixed(0)} %`;
/** Below a tenth of a millisecond, in microseconds. */
export const duration = (ms: number): string => (ms < 0.1 ? `${figures(1000 * ms)} µs` : `${figures(ms)} ms`);

export function kernelTable(rows: readonly KernelRow[]): Table {
  return {
    head: ["kernel", "median", "best", "spread", "GFLOP/s", "GB/s", "of peak", "bound", "per S0 step"],
    rows: rows.map((row) => [
      row.name,
      duration(row.medianMs),
      duration(row.bestMs),
      plusMinus(row.spread),
      figures(row.gflops),
      figures(row.gbps),
      percent(row.shareOfPeak),
      row.bound ?? (row.imagesPerSecond === undefined ? "" : `${figures(row.imagesPerSecond)} images/s`),
      row.perStep === undefined ? "" : `${row.perStep} × = ${duration(row.perStep * row.medianMs)}`,
    ]),
  };
}

/** What the rows add up to over one training step, in the form that they were counted for. */
export function perStepLine(rows: readonly KernelRow[]): string {
  const sum = rows.reduce((ms, { perStep = 0, medianMs }) => ms + perStep * medianMs, 0);
  const floor = rows.reduce((ms, row) => ms + (row.perStep ?? 0) * row.bestMs * (row.shareOfPeak ?? 0), 0);
  return `these rows, as often as a training step of S0 needs them: ${duration(sum)}; at the measured peaks ${duration(floor)}`;
}

export function stepTable(rows: readonly StepRow[]): Table {
  return {
    head: ["work", "threads", "images/s", "step", "spread", "peak resident", "arena peak", "live after", "fallbacks"],
    rows: rows.map((row) => [
      row.name,
      String(row.threads),
      figures(row.imagesPerSecond),
      duration(row.medianMs),
      plusMinus(row.spread),
      formatBytes(row.peakResidentBytes),
      formatBytes(row.arenaPeakBytes),
      formatBytes(row.liveBytes),
      Object.entries(row.fallbacks)
        .map(([op, runs]) => `${op} ${figures(runs)}`)
        .join(", ") || "none",
    ]),
  };
}

/** Rows that a profile shows; the others become one. */
const PROFILE_ROWS = 40;

/** Where the time of one step went. */
export function profileTable({ profile = [] }: StepRow): Table {
  const add = (costs: readonly OpCost[], key: "runs" | "ms" | "kernelMs"): number =>
    costs.reduce((total, cost) => total + cost[key], 0);
  const stepMs = add(profile, "ms");
  const small = profile.slice(PROFILE_ROWS);
  const others = { op: `${small.length} others`, runs: add(small, "runs"), ms: add(small, "ms"), flops: 0, bytes: 0 };
  const shown = profile.slice(0, PROFILE_ROWS);
  if (small.length > 0) shown.push({ ...others, kernelMs: add(small, "kernelMs") });
  return {
    head: ["op", "runs", "time", "of step", "GFLOP/s", "GB/s", "in JavaScript"],
    rows: shown.map(({ op, runs, ms, kernelMs, flops, bytes }) => [
      ...[op, figures(runs), duration(ms), percent(ms / stepMs)],
      ...[flops > 0 ? figures(flops / ms / 1e6) : "", bytes > 0 ? figures(bytes / ms / 1e6) : ""],
      ms > kernelMs ? `${duration(ms - kernelMs)}, ${duration((ms - kernelMs) / runs)} a run` : "",
    ]),
  };
}

/** Names with old and new time; beyond their spreads a change is marked. */
export function comparisonTable(
  now: readonly (KernelRow | StepRow)[],
  before: readonly (KernelRow | StepRow)[],
): Table {
  const keyOf = ({ name, threads }: KernelRow | StepRow): string => `${name} ${threads}`;
  const old = new Map(before.map((row) => [keyOf(row), row]));
  return {
    head: ["name", "threads", "before", "now", "speed-up", "spread", ""],
    rows: now.flatMap((row) => {
      const was = old.get(keyOf(row));
      if (!was) return [];
      const ratio = was.medianMs / row.medianMs;
      const noise = (row.spread + was.spread) / 2;
      const verdict = ratio > 1 + noise ? "faster" : ratio < 1 - noise ? "slower" : "";
      return [
        [
          ...[row.name, String(row.threads), duration(was.medianMs), duration(row.medianMs)],
          ...[`${ratio.toFixed(2)}×`, plusMinus(2 * noise), verdict],
        ],
      ];
    }),
  };
}

export function peaksLine({ threads, gflops, bandwidths }: Peaks): string {
  const levels = bandwidths.map(
    ({ level, footprintBytes, gbps }) => `${level} (${formatBytes(footprintBytes)}) ${figures(gbps)}`,
  );
  const many = threads === 1 ? "1 thread" : `${threads} threads`;
  return `measured peaks, ${many}: ${figures(gflops)} GFLOP/s on registers; copies in GB/s: ${levels.join(", ")}`;
}

const isNumeric = (cell: string): boolean => /^[±\d]/.test(cell);

/** Lines for a terminal. */
export function asLines({ head, rows }: Table): string[] {
  const right = head.map((_, i) => i > 0 && rows.some((row) => isNumeric(row[i]!)));
  return formatTable([head, ...rows], right);
}

export function asMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
