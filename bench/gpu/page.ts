/** What was measured on the gpu backend as tables, for a terminal and as a page. */
import { formatBytes } from "../../src/util/format.js";
import { type Machine, machineLine } from "../measure/machine.js";
import { asLines, asMarkdown, duration, type Table } from "../report/tables.js";
import type { EnqueueRow } from "./enqueue.js";
import type { ProductRow } from "./products.js";
import type { GpuProfile, GpuStepRow, StepsResult } from "./steps.js";

export interface GpuResults extends StepsResult {
  readonly machine: Machine;
  /** Mode, device, software or hardware. */
  readonly label: string;
  readonly isSoftware: boolean;
  readonly enqueue: readonly EnqueueRow[];
  readonly products: readonly ProductRow[];
}

const fixed = (value: number, digits = 1): string => value.toFixed(digits);

export const enqueueTable = (rows: readonly EnqueueRow[]): Table => ({
  head: ["host time per op", "form", "median", "best", "ops", "dispatches"],
  rows: rows.map(({ what, form, microseconds, bestMicroseconds, ops, dispatches }) => [
    ...[what, form, `${fixed(microseconds)} µs`, `${fixed(bestMicroseconds)} µs`, String(ops), String(dispatches)],
  ]),
});

export const productTable = (rows: readonly ProductRow[]): Table => ({
  head: ["product m × n × k", "WGSL GFLOP/s", "gpu.js GFLOP/s", "ratio"],
  rows: rows.map(({ name, tiledGflops, gpujsGflops }) => [
    ...[name, fixed(tiledGflops), fixed(gpujsGflops), `${fixed(tiledGflops / gpujsGflops, 2)}×`],
  ]),
});

export const gpuStepTable = (rows: readonly GpuStepRow[]): Table => ({
  head: ["S0", "px", "batch", "images/s", "step", "spread", "device memory"],
  rows: rows.map(({ form, imageSize, batch, imagesPerSecond, medianMs, spread, deviceBytes, problem }) => [
    ...[form, String(imageSize), String(batch)],
    ...(medianMs === null
      ? [problem ?? "", "", "", ""]
      : [fixed(imagesPerSecond!), duration(medianMs), `±${fixed(50 * spread!, 0)} %`, formatBytes(deviceBytes!)]),
  ]),
});

/** Rows of a profile that are shown; the others become one. */
const SHOWN = 25;

export function gpuProfileTable({ clock, costs }: GpuProfile): Table {
  const total = costs.reduce((sum, { ms }) => sum + ms, 0);
  const others = costs.slice(SHOWN);
  const rest = others.reduce((sum, { ms }) => sum + ms, 0);
  const share = (ms: number): string => `${fixed((100 * ms) / total)} %`;
  return {
    head: [`op and shapes, by ${clock}`, "runs", "time", "share", "GFLOP/s", "GB/s"],
    rows: [
      ...costs
        .slice(0, SHOWN)
        .map(({ op, runs, ms, flops, bytes }) => [
          ...[op, String(runs), duration(ms), share(ms)],
          ...[flops > 0 ? fixed(flops / ms / 1e6) : "", fixed(bytes / ms / 1e6)],
        ]),
      [
        `${others.length} others`,
        String(others.reduce((sum, { runs }) => sum + runs, 0)),
        duration(rest),
        share(rest),
        "",
        "",
      ],
    ],
  };
}

const tablesOf = ({ enqueue, products, rows, profile }: GpuResults): Table[] => [
  enqueueTable(enqueue),
  productTable(products),
  gpuStepTable(rows),
  ...(profile ? [gpuProfileTable(profile)] : []),
];

export const linesOf = (results: GpuResults): string[] => tablesOf(results).flatMap((table) => ["", ...asLines(table)]);

export function pageOf(results: GpuResults): string {
  const { machine, label, isSoftware } = results;
  const warning = isSoftware
    ? "**A software device: Vulkan computed on the processor.** These figures say what the host spends and how kernels compare with each other; they say nothing about a GPU."
    : "A hardware device.";
  const notes = [
    "Host time per op: from the call to its return, the device idle when the call begins. An op is one of the engine's; several may share a dispatch, and one may need several.",
    "Training steps run from bytes to averaged weights, as `train` runs them.",
  ];
  return `${[
    "# The gpu backend, measured",
    "Written by `npm run tensorone -- bench --backend gpu --save gpu`.",
    `${machineLine(machine)}. Device: ${label}.`,
    warning,
    ...notes,
    ...tablesOf(results).map(asMarkdown),
  ].join("\n\n")}\n`;
}
