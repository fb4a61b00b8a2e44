import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelCases } from "../../bench/kernels/index.js";
import type { Case } from "../../bench/measure/case.js";
import { measurePeaks } from "../../bench/measure/peaks.js";
import { efforts, kernelRow, timeCases } from "../../bench/measure/suite.js";
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { setBackend } from "../../src/index.js";
import { summarize } from "../../src/models/index.js";
import { liveStorage } from "../../src/tensor/storage.js";

const batch = 1;
const imageSize = 64;
const cases = kernelCases({ batch, imageSize });
let backend: WasmBackend;

beforeAll(async () => {
  backend = (await setBackend("wasm", { threads: 2 })) as WasmBackend;
});
afterAll(() => backend.dispose());

describe("kernel benchmarks", () => {
  it("come from every file of the folder", () => {
    const folder = join(import.meta.dirname, "../../bench/kernels");
    const index = readFileSync(join(folder, "index.ts"), "utf8");
    const files = readdirSync(folder).filter((name) => name.endsWith(".bench.ts"));
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((name) => !index.includes(`"./${name.replace(/ts$/, "js")}"`))).toEqual([]);
  });

  it("have names of their own", () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  const branchwise = kernelCases({ batch, imageSize }, "plain");
  const folded = kernelCases({ batch, imageSize }, "folded");
  const perStep = (list: readonly Case[], name: RegExp, of: (one: Case) => number = () => 1): number =>
    list.filter((one) => name.test(one.name)).reduce((sum, one) => sum + of(one) * (one.perStep ?? 0), 0);

  it("count every multiply-add of the network's 1×1 convolutions, branch by branch and folded", () => {
    const blocks = summarize("mobileone_s0", { imageSize }).rows.filter(({ type }) => type === "pointwise");
    const macs = (form: "train" | "deploy") => blocks.reduce((sum, row) => sum + row[form].convMacs, 0);
    const flops = ({ work }: Case) => work.flops!;
    expect(perStep(branchwise, /^pointwise.*forward$/, flops)).toBe(2 * batch * macs("train"));
    // bias and relu are two more for each output
    const outputs = blocks.reduce((sum, { deploy }) => sum + deploy.activations, 0);
    expect(perStep(folded, /^pointwise.*relu$/, flops)).toBe(2 * batch * (macs("deploy") + outputs));
  });

  it("count every convolution, batch norm, moment and fold, as the form of training has them", () => {
    const { train } = summarize("mobileone_s0").totals;
    const rows = summarize("mobileone_s0").rows.filter(({ type }) => type !== "linear");
    const convs = rows.reduce((sum, { branches }) => sum + branches.convs + Number(branches.scale), 0);
    expect(perStep(branchwise, /^(?!batch norm|moments|fold).*forward$/)).toBe(convs);
    expect(perStep(branchwise, /^batch norm.*forward$/)).toBe(train.batchNorms);
    expect(perStep(branchwise, /^(moments|fold)/)).toBe(0);
    expect(perStep(folded, /^(?!batch norm|moments|fold).*forward$/)).toBe(0);
    expect(perStep(folded, /forward, bias, relu$/)).toBe(rows.length);
    expect(perStep(folded, /^batch norm/)).toBe(0);
    // the stem's gradients end at its weights: no moments backward, no fold backward to moments
    expect(perStep(folded, /^moments/)).toBe(2 * rows.length - 1);
    expect(perStep(folded, /^fold/)).toBe(3 * rows.length - 1);
    expect(branchwise.map(({ name }) => name)).toEqual(folded.map(({ name }) => name));
  });

  it.each(cases.filter(({ group }) => group !== "gemm"))("$name runs and frees what it took", (one) => {
    const before = liveStorage().bytes;
    const prepared = one.prepare();
    prepared.run();
    const after = liveStorage().bytes;
    prepared.run();
    expect(liveStorage().bytes).toBe(after);
    prepared.dispose();
    expect(liveStorage().bytes).toBe(before);
  });

  it("become rows with a time, a rate and a share of the peak", async () => {
    const peaks = measurePeaks(backend, 1);
    expect(peaks.gflops).toBeGreaterThan(0);
    expect(peaks.bandwidths.map(({ level }) => level)).toEqual(["L1", "L2", "L3", "L3", "DRAM"]);
    const some = cases.filter(({ name }) => /^(matmul 256|depthwise 48@16 s1 forward|resize 500)/.test(name));
    const heard: string[] = [];
    const rows = (await timeCases(some, efforts.quick, ({ name }) => heard.push(name))).map((timing) =>
      kernelRow(timing, peaks),
    );
    expect(rows.map(({ name }) => name)).toEqual(some.map(({ name }) => name));
    expect(heard).toEqual(some.map(({ name }) => name));
    for (const row of rows) {
      expect(row.medianMs).toBeGreaterThan(0);
      expect(row.bestMs).toBeLessThanOrEqual(row.medianMs);
      expect(row.samples).toBeGreaterThanOrEqual(efforts.quick.minSamples);
      expect(row.spread).toBeGreaterThanOrEqual(0);
      expect(row.threads).toBe(2);
    }
    expect(rows[0]!.gflops).toBeCloseTo((2 * 256 ** 3) / rows[0]!.medianMs / 1e6, 6);
    expect(rows[0]!.shareOfPeak).toBeGreaterThan(0);
    expect(rows.at(-1)!.imagesPerSecond).toBeCloseTo(1000 / rows.at(-1)!.medianMs, 6);
  });

  it.each([
    ["in the first call", 0],
    ["in the middle of a sample", 50],
  ])("pass errors on that are thrown %s", async (_, callsBefore) => {
    const broken = {
      group: "x",
      name: "broken",
      work: {},
      prepare: () => {
        let calls = 0;
        return {
          run: () => {
            if (calls++ === callsBefore) throw new Error("it broke");
            // longer than the warm-up, which is this one call
            const end = performance.now() + (calls === 1 ? 40 : 0);
            while (performance.now() < end);
          },
          dispose: () => {},
        };
      },
    };
    await expect(timeCases([broken], efforts.quick)).rejects.toThrow("it broke");
  });
});
