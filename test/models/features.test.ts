/** The stages' outputs of every family, as detectors and segmenters take them. */
import { beforeAll, describe, expect, it } from "vitest";
import { compile, liveStorage, models, noGrad, randn, scope, setBackend, type Tensor } from "../../src/index.js";

beforeAll(async () => {
  await setBackend("wasm");
});

const SIDE = 64;
const small = { numClasses: 3, seed: 1 } as const;

describe.each(["mobileone_s0", "repvgg_a0", "resnet18"] as const)("%s", (name) => {
  it.each(["train", "deploy"])("says stride and channels of each stage, in the %s form", (form) => {
    const model = models.createModel(name, { ...small, deploy: form === "deploy" }).eval();
    const info = model.featureInfo;
    expect(info.length).toBe(5);
    expect(info.at(-1)!.stride).toBe(32);
    scope(() => {
      const x = randn([2, SIDE, SIDE, 3], { seed: 2 });
      const outputs = noGrad(() => model.features(x, { outIndices: info.map((_, i) => i) }));
      expect(outputs.map(({ shape }) => shape)).toEqual(
        info.map(({ stride, channels }) => [2, SIDE / stride, SIDE / stride, channels]),
      );
      const last = noGrad(() => model.features(x));
      expect(outputs.at(-1)!.dataSync()).toEqual(last.dataSync());
    });
    model.dispose();
  });

  it("gives the stages asked for and no more, with gradients, compiled alike", () => {
    const model = models.createModel(name, small);
    const x = randn([2, SIDE, SIDE, 3], { seed: 2 }).keep();
    noGrad(() => scope(() => model.features(x)));
    const before = liveStorage();
    const outputs = noGrad(() => model.features(x, { outIndices: [1, -2] }));
    expect(liveStorage().storages).toBe(before.storages + 2);
    for (const output of outputs) output.dispose();
    const sum = () =>
      model.features(x, { outIndices: [0, 2] }).reduce<Tensor | null>((total, y) => {
        const part = y.square().mean();
        return total ? total.add(part) : part;
      }, null)!;
    const loss = scope(() => sum().dataSync()[0]!);
    const compiled = compile(sum);
    for (let i = 0; i < 2; i++) expect(compiled().item()).toBeCloseTo(loss, 4);
    sum().backward();
    const [first, last] = [model.blocks[0]!, model.blocks.at(-1)!];
    expect([...first.namedParameters().values()].every(({ tensor }) => tensor.grad !== null)).toBe(true);
    expect([...last.namedParameters().values()].every(({ tensor }) => tensor.grad === null)).toBe(true);
    model.dispose();
    x.dispose();
  });
});

it("refuses stages that are not there, and says which are", () => {
  const model = models.createModel("resnet18", small);
  const x = randn([1, 32, 32, 3]);
  for (const outIndices of [[], [5], [-6], [2, 1], [1, 1], [0.5]])
    expect(() => model.features(x, { outIndices })).toThrow(
      /^features: outIndices \[.*\], expected rising ones from 0 to 4/,
    );
  expect(() => model.features(x, { outIndices: [9] })).toThrow(/hint: the stages are 0 stem \(stride 4\), 1 layer1/);
});
