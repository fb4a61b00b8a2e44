/** Frozen stages and fixed statistics: what stays, what learns, and that the short way of computing them is the same function. */
import { beforeAll, describe, expect, it } from "vitest";
import { randn, setBackend, type Tensor, tensor } from "../../src/index.js";
import { type BlockSpec, createModel, families, MobileOneBlock, variants } from "../../src/models/index.js";
import { blockSpecs } from "../../src/models/mobileone/variants.js";
import { BatchNorm2d, crossEntropy, initialize, type Module } from "../../src/nn/index.js";
import { relativeError } from "../conformance/numbers.js";
import { randomizeStatistics } from "./random-statistics.js";

const dtype = "float64";
const TOLERANCE = 1e-11;

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
});

function expectAlike(actual: ReadonlyMap<string, Tensor>, expected: ReadonlyMap<string, Tensor>): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, value] of expected) {
    const error = relativeError(actual.get(name)!.dataSync(), value.dataSync());
    expect(error, name).toBeLessThanOrEqual(TOLERANCE);
  }
}

const bytesOf = (module: Module): Map<string, string> =>
  new Map(
    [...module.stateDict()].map(([name, values]) => {
      const { buffer, byteOffset, byteLength } = values.dataSync();
      return [name, Buffer.from(buffer, byteOffset, byteLength).toString("base64")];
    }),
  );

describe("a block by its running statistics", () => {
  const s0 = blockSpecs(variants.mobileone_s0);
  const s4 = blockSpecs(variants.mobileone_s4);
  const named = (specs: readonly BlockSpec[], name: string): BlockSpec => specs.find((spec) => spec.name === name)!;
  const rows: readonly [string, BlockSpec][] = [
    ["S0's stem", named(s0, "stage0")],
    ["S0's depthwise with stride 2", named(s0, "stage2.0")],
    ["S0's depthwise with a skip", named(s0, "stage1.2")],
    ["S0's pointwise with a skip", named(s0, "stage1.1")],
    ["S0's pointwise that widens", named(s0, "stage2.1")],
    ["a gate", { ...named(s4, "stage3.19"), inChannels: 64, outChannels: 64 }],
    ["grouped branches with dilation", { ...named(s0, "stage1.2"), groups: 12, padding: 2, dilation: 2 }],
  ];
  const run = (spec: BlockSpec, training: "plain" | "auto") => {
    const block = new MobileOneBlock(spec, { dtype }, training);
    initialize(block, { seed: 3 });
    randomizeStatistics(block);
    for (const module of block.namedModules().values()) if (module instanceof BatchNorm2d) module.eval();
    const before = bytesOf(block);
    const x = randn([2, 7, 6, spec.inChannels], { dtype, seed: 4, requiresGrad: true });
    const y = block.forward(x).keep();
    y.mul(randn(y.shape, { dtype, seed: 5 }))
      .sum()
      .backward();
    const gradients = [...block.namedParameters()].map(([name, { tensor: own }]) => [name, own.grad!] as const);
    return { values: new Map([["y", y], ["dx", x.grad!], ...gradients]), isSame: [bytesOf(block), before] };
  };
  it.each(rows)("is the sum of its branches, gradients too: %s", (_, spec) => {
    const { values, isSame } = run(spec, "auto");
    expectAlike(values, run(spec, "plain").values);
    expect(isSame[0]).toEqual(isSame[1]);
  });
});

describe.each(families.map(({ name, variants: own }) => [name, Object.keys(own)[0]!] as const))("%s", (_, name) => {
  const labels = () => tensor([0, 1], [2], { dtype: "int32" });
  const step = (model: ReturnType<typeof createModel>) =>
    crossEntropy(model.forward(randn([2, 32, 32, 3], { seed: 2 })), labels()).backward();

  it("keeps frozen stages byte by byte and gives them no gradients, through train() and eval()", () => {
    const model = createModel(name, { numClasses: 2, seed: 1 });
    model.freezeStages(2);
    model.eval().train();
    const before = bytesOf(model);
    step(model);
    const frozen = model.frozenNames();
    const stages = model.featureInfo.map(({ module }) => module);
    const isFirst = (entry: string) =>
      !stages.slice(3).some((stage) => entry.includes(`${stage}.`)) && !entry.startsWith(model.classifierName);
    expect([...frozen]).toEqual([...before.keys()].filter(isFirst));
    const after = bytesOf(model);
    const changed = [...after].filter(([entry, bytes]) => bytes !== before.get(entry)).map(([entry]) => entry);
    expect(changed.length).toBeGreaterThan(5);
    expect(changed.filter((entry) => frozen.has(entry))).toEqual([]);
    for (const [entry, { tensor: own }] of model.namedParameters())
      expect(own.grad === null, entry).toBe(frozen.has(entry));
    model.zeroGrad();
    model.freezeStages(-1);
    expect(model.frozenNames().size).toBe(0);
    step(model);
    for (const [entry, { tensor: own }] of model.namedParameters()) expect(own.grad, entry).not.toBeNull();
    model.dispose();
  });

  it("keeps statistics under normEval, and learns the rest", () => {
    const model = createModel(name, { numClasses: 2, seed: 1 });
    model.freezeStages(-1, { normEval: true });
    const before = bytesOf(model.train());
    step(model);
    expect(bytesOf(model)).toEqual(before);
    expect([...model.frozenNames()].every((entry) => /running_|num_batches/.test(entry))).toBe(true);
    for (const [entry, { tensor: own }] of model.namedParameters()) expect(own.grad, entry).not.toBeNull();
    expect(() => model.freezeStages(5)).toThrow(/5 stages, expected -1 to 4/);
    model.dispose();
  });
});
