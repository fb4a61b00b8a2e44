/** Kernel benchmarks on the wasm backend, one number of threads after the other, between two measurements of the peaks. */
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { setBackend } from "../../src/index.js";
import type { Case } from "../measure/case.js";
import { bestPeaks, measurePeaks, type Peaks } from "../measure/peaks.js";
import { efforts, type KernelRow, kernelRow, timeCases } from "../measure/suite.js";

export interface KernelResults {
  /** Of every number of threads. */
  readonly peaks: readonly Peaks[];
  readonly kernels: readonly KernelRow[];
}

/** The case that runs now, for those who watch. */
const showLive = ({ name }: Case): void => void (process.stderr.isTTY && process.stderr.write(`\r\u001b[2K${name}`));
const clearLive = (): void => void (process.stderr.isTTY && process.stderr.write("\r\u001b[2K"));

/** `onThreads` takes the rows of each number of threads as soon as they are there. */
export async function measureKernels(
  cases: readonly Case[],
  { threads, isQuick }: { readonly threads: readonly number[]; readonly isQuick: boolean },
  onThreads: (rows: readonly KernelRow[], peaks: Peaks) => void,
): Promise<KernelResults> {
  const peaks: Peaks[] = [];
  const kernels: KernelRow[] = [];
  for (const count of threads) {
    const backend = (await setBackend("wasm", { threads: count })) as WasmBackend;
    const before = measurePeaks(backend);
    const timings = await timeCases(cases, isQuick ? efforts.quick : efforts.normal, showLive);
    clearLive();
    // noise only lowers a peak
    const found = bestPeaks(before, measurePeaks(backend));
    const rows = timings.map((timing) => kernelRow(timing, found));
    onThreads(rows, found);
    peaks.push(found);
    kernels.push(...rows);
    await backend.dispose();
  }
  return { peaks, kernels };
}
