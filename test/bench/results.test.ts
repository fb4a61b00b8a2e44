import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeMachine } from "../../bench/measure/machine.js";
import { bandwidthFor, bestPeaks, floorOf, type Peaks } from "../../bench/measure/peaks.js";
import { Player, takeTurns } from "../../bench/measure/player.js";
import { median, quantile, spread } from "../../bench/measure/stats.js";
import type { KernelRow } from "../../bench/measure/suite.js";
import { makeResults, readResults, saveResults } from "../../bench/report/results.js";
import { comparisonTable } from "../../bench/report/tables.js";

const peaks: Peaks = {
  threads: 1,
  gflops: 50,
  bandwidths: [
    { level: "L1", footprintBytes: 1000, gbps: 100 },
    { level: "DRAM", footprintBytes: 1e6, gbps: 10 },
  ],
};
const row = (medianMs: number): KernelRow => ({
  ...{ group: "g", name: "matmul 7³", threads: 1, medianMs, bestMs: medianMs, spread: 0.1, samples: 3, gflops: 12 },
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-bench-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("results", () => {
  it("come back from their file, and a page shows them", () => {
    const results = makeResults({
      title: "mine",
      machine: describeMachine(),
      peaks: [peaks],
      kernels: [row(2)],
      steps: [],
    });
    const path = saveResults(folder, "mine", results);
    expect(readResults(path)).toEqual(results);
    const page = readFileSync(join(folder, "README.md"), "utf8");
    for (const text of ["## mine", "matmul 7³", process.version.slice(1), results.machine.date.slice(0, 10)])
      expect(page).toContain(text);
  });

  it("name where and when", () => {
    const { cpu, cores, node, v8, date, commit } = describeMachine();
    expect([cpu, node, v8].every((text) => text.length > 0)).toBe(true);
    expect(cores).toBeGreaterThan(0);
    expect(Math.abs(Date.parse(date) - Date.now())).toBeLessThan(60_000);
    expect(commit === null || /^[0-9a-f]{10}\+?$/.test(commit)).toBe(true);
  });

  it("are refused when they are none", () => {
    const path = join(folder, "x.json");
    expect(() => readResults(path)).toThrow(/cannot be read/);
    writeFileSync(path, "{}");
    expect(() => readResults(path)).toThrow(/schema undefined, expected 1/);
    const results = makeResults({ title: "", machine: describeMachine(), peaks: [], kernels: [], steps: [] });
    expect(() => saveResults(folder, "../x", results)).toThrow(/--save/);
  });

  it("are compared by ratio, and only a change beyond the spread is called one", () => {
    const verdicts = [row(1), row(1.95), row(4)].map((now) => comparisonTable([now], [row(2)]).rows[0]!.slice(4));
    expect(verdicts.map(([ratio, , verdict]) => [ratio, verdict])).toEqual([
      ["2.00×", "faster"],
      ["1.03×", ""],
      ["0.50×", "slower"],
    ]);
    expect(comparisonTable([row(1)], []).rows).toEqual([]);
  });
});

describe("statistics", () => {
  it("are those of the textbook", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(spread([1, 2, 3, 4, 5])).toBeCloseTo(2 / 3);
  });

  it("bound a time by arithmetic or by the level of memory that holds the operands", () => {
    expect(floorOf({ flops: 5e6, bytes: 1000 }, peaks)).toEqual({ ms: 0.1, bound: "FMA" });
    expect(floorOf({ flops: 5, bytes: 1000 }, peaks)!.bound).toBe("L1");
    expect(floorOf({ bytes: 2e7 }, peaks)).toEqual({ ms: 2, bound: "DRAM" });
    expect(floorOf({ bytes: 3000, footprintBytes: 1000 }, peaks)!.ms).toBeCloseTo(3e-5);
    expect(bandwidthFor(Math.sqrt(1000 * 1e6), peaks).gbps).toBeCloseTo(Math.sqrt(100 * 10));
    expect(bestPeaks(peaks, { ...peaks, gflops: 60 }, peaks).gflops).toBe(60);
    expect(floorOf({ images: 1 }, peaks)).toBeUndefined();
  });
});

describe("players", () => {
  const script = (text: string) => Player.start("script", process.execPath, ["-e", text]);

  it("take turns and end with a summary", async () => {
    const player = await script(`
      let steps = 0;
      console.log('{"ready":true}');
      require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
        console.log(line === "end" ? '{"peakResidentBytes":7}' : JSON.stringify({ ms: ++steps }));
        if (line === "end") process.exit();
      });`);
    if (typeof player === "string") throw new Error(player);
    expect(await takeTurns([player], { warmUp: 2, counted: 3 })).toEqual([[3, 4, 5]]);
    expect(await player.end()).toEqual({ peakResidentBytes: 7 });
  });

  it("may say why they cannot, or be missing", async () => {
    expect(await script(`console.log('{"skip":"no torch"}')`)).toBe("no torch");
    expect(await Player.start("nothing", join(folder, "nothing"), [])).toContain("ENOENT");
  });

  it("that break are named", async () => {
    await expect(script(`console.log("hello")`)).rejects.toThrow(/script: said "hello"/);
    await expect(script("")).rejects.toThrow(/ended early/);
  });
});
