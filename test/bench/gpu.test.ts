/** The options and the page of `bench --backend gpu`; what it measures needs a device, its page does not. */
import { describe, expect, it } from "vitest";
import { type GpuResults, linesOf, pageOf } from "../../bench/gpu/page.js";
import { describeMachine } from "../../bench/measure/machine.js";
import { study } from "../../bench/studies/gpu.js";
import { commandOf, type Study } from "../../bench/study.js";
import { parse } from "../../src/cli/parse.js";

const results: GpuResults = {
  machine: describeMachine(),
  label: "gpu (webgpu, software: someone's)",
  isSoftware: true,
  enqueue: [{ what: "a chain", form: "eager", ops: 10, dispatches: 12, microseconds: 3.25, bestMicroseconds: 3 }],
  products: [{ name: "forward 2 × 3 × 4", m: 2, n: 3, k: 4, tiledGflops: 9, gpujsGflops: 3 }],
  rows: [
    {
      form: "train",
      batch: 32,
      imageSize: 224,
      medianMs: 64,
      spread: 0.1,
      imagesPerSecond: 500,
      deviceBytes: 2 ** 30,
      problem: null,
    },
    {
      form: "train",
      batch: 64,
      imageSize: 224,
      medianMs: null,
      spread: null,
      imagesPerSecond: null,
      deviceBytes: null,
      problem: "too large",
    },
  ],
  profile: {
    clock: "timestamps",
    batch: 32,
    imageSize: 224,
    costs: Array.from({ length: 30 }, (_, i) => ({
      op: `op${i}`,
      runs: 1,
      ms: 30 - i,
      kernelMs: 30 - i,
      flops: 1e9,
      bytes: 1e6,
    })),
  },
};

describe("bench --backend gpu", () => {
  it("takes several batches", () => {
    const batchesOf = (...args: string[]) => parse(commandOf(study as unknown as Study), args).values.batch;
    expect(batchesOf("--batch", "32,256")).toEqual([32, 256]);
    expect(batchesOf()).toBeUndefined();
    expect(() => batchesOf("--batch", "32,no")).toThrow(/--batch: no, expected whole numbers of at least 1/);
  });

  it("says first that a device is software, and shows what did not fit", () => {
    const page = pageOf(results);
    expect(page).toContain("**A software device");
    expect(pageOf({ ...results, isSoftware: false })).not.toContain("software device");
    expect(page).toContain("| a chain | eager | 3.3 µs | 3.0 µs | 10 | 12 |");
    expect(page).toContain("| forward 2 × 3 × 4 | 9.0 | 3.0 | 3.00× |");
    expect(page).toContain("| train | 224 | 64 | too large |");
    // 30 + 29 + … + 1 = 465; beyond 25 rows: 5 + 4 + 3 + 2 + 1
    expect(page).toContain("| op0 | 1 | 30.0 ms | 6.5 % | 33.3 | 0.0 |");
    expect(page).toContain("| 5 others | 5 | 15.0 ms | 3.2 % |");
    expect(linesOf(results).join("\n")).toContain("by timestamps");
  });
});
