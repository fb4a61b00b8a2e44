import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Profile } from "../../bench/measure/profile.js";
import { asLines, profileTable, stepTable } from "../../bench/report/tables.js";
import { compareTable } from "../../bench/studies/compare.js";
import { stepRow } from "../../bench/work/steps.js";
import { prepareWork, type StepWork, workName } from "../../bench/work/work.js";
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { setBackend } from "../../src/index.js";
import { liveStorage } from "../../src/tensor/storage.js";

const work: StepWork = { form: "train", model: "mobileone_s0", imageSize: 32, batch: 2, threads: 1 };
const summary = {
  peakResidentBytes: 3e8,
  liveBytes: 1e6,
  arenaPeakBytes: 2e6,
  kernels: 9,
  fallbacks: {},
  version: "Node 1",
};
let backend: WasmBackend;

beforeAll(async () => {
  backend = (await setBackend("wasm", { threads: 1 })) as WasmBackend;
});
afterAll(() => backend.dispose());

describe("whole steps", () => {
  it("train without leaking, and their profile covers all of the time", () => {
    const profile = new Profile(backend);
    const runStep = prepareWork(work);
    let live = 0;
    let typicalMs = 0;
    for (let step = 0; step < 5; step++) {
      profile.startStep();
      const start = performance.now();
      runStep();
      const ms = performance.now() - start;
      profile.endStep(ms);
      if (step < 3) live = liveStorage().bytes;
      if (step >= 2) typicalMs += ms / 3;
    }
    expect(liveStorage().bytes).toBe(live);
    const costs = profile.costs();
    expect(costs.some(({ op }) => op.startsWith("conv2dWeightGrad"))).toBe(true);
    expect(costs.reduce((ms, cost) => ms + cost.ms, 0)).toBeCloseTo(typicalMs, 3);
    const row = stepRow(work, [10, 20, 30], { ...summary, profile: costs });
    expect(asLines(profileTable(row)).length).toBeGreaterThan(10);
  });

  it("answer in deploy form", () => {
    const runStep = prepareWork({ ...work, form: "deploy", batch: 1 });
    for (let step = 0; step < 3; step++) runStep();
  });

  it("refuse a form that nobody knows", () => {
    expect(() => prepareWork({ ...work, form: "dream" as "train" })).toThrow(/form is dream, expected train or deploy/);
  });

  it("become rows", () => {
    const row = stepRow(work, [10, 20, 40], summary);
    expect(row).toMatchObject({ name: workName(work), medianMs: 20, samples: 3, imagesPerSecond: 100 });
    expect(asLines(stepTable([row])).at(-1)).toContain("286 MiB");
  });

  it("are compared with ours by ratio", () => {
    const one = { ...work, work: "w", version: null, medianMs: 10, spread: 0, samples: 1, imagesPerSecond: 1 };
    const rows = [
      { ...one, engine: "tensorone", peakResidentBytes: 1 },
      { ...one, engine: "tensorone turbo", medianMs: 20, peakResidentBytes: 1 },
      { ...one, engine: "other", medianMs: 25, peakResidentBytes: 1 },
    ];
    expect(compareTable(rows).rows.map((cells) => cells.slice(-2))).toEqual([
      ["", "0.50× as fast"],
      ["2.00× as fast", ""],
      ["2.50× as fast", "1.25× as fast"],
    ]);
  });
});
