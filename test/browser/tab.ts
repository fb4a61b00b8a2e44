/** What a test asks of a tab: makes a backend, runs the grid or some steps, and answers in plain values. */

import type { Pictures } from "../../bench/work/demo-pictures.js";
import type { GpuMode } from "../../src/backends/contract.js";
import type { GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { setBackend, setFallbackWarnings } from "../../src/index.js";
import { BATCH, SIDE, settled, trained } from "../gpu/s0-steps.js";
import { type Choice, gridOf, type Row } from "./grid.js";

export interface Work {
  readonly backend: "wasm" | "gpu";
  readonly mode?: GpuMode;
  readonly threads?: number;
  /** Of the grid. */
  readonly choice?: Choice;
  /** Of training; nothing where the grid is wanted. */
  readonly steps?: number;
  readonly lr?: number;
  /** Trains from weights that wasm has trained before. */
  readonly isSettled?: boolean;
}
export interface Answer {
  /** What really ran. */
  readonly backend: string;
  readonly threads: number;
  readonly rows: Row[];
  readonly losses: number[];
}

/** What the test gives: one batch after the other, labels as bytes before the pictures. */
async function givenBatches(): Promise<Pictures[]> {
  const bytes = new Uint8Array(await (await fetch("/given/batches")).arrayBuffer());
  const batchBytes = BATCH * (1 + SIDE * SIDE * 3);
  return Array.from({ length: bytes.length / batchBytes }, (_, i) => {
    const batch = bytes.subarray(i * batchBytes, (i + 1) * batchBytes);
    return { labels: Int32Array.from(batch.subarray(0, BATCH)), images: batch.slice(BATCH) };
  });
}

async function lossesOf(backend: WasmBackend | GpuBackend, { steps = 0, lr = 0.02, isSettled = false }: Work) {
  if (steps === 0) return [];
  const all = await givenBatches();
  const batches = all.slice(0, steps);
  if (!isSettled) return (await trained({ backend, batches, lr })).losses;
  const wasm = createWasmBackend({ threads: 2 });
  const start = await settled(wasm, all);
  await wasm.dispose();
  return (await trained({ backend, batches, lr, start })).losses;
}

export async function work(what: Work): Promise<Answer> {
  const { backend: name, mode = "webgpu", threads = 1, steps } = what;
  // the grid asks for large work of ops without a kernel; a step has none of those, and may be heard
  setFallbackWarnings(steps !== undefined);
  const backend = (await setBackend(name, { threads, mode, allowSoftware: true, float64: "as-float32" })) as
    | WasmBackend
    | GpuBackend;
  try {
    const rows = steps === undefined ? await gridOf(backend, what.choice) : [];
    const losses = steps === undefined ? [] : await lossesOf(backend, what);
    const label = "label" in backend ? backend.label : name;
    return { backend: label, threads: "threads" in backend ? backend.threads : 1, rows, losses };
  } finally {
    await backend.dispose();
  }
}
