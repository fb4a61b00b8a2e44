/** Gradients that were silently zero, or an error where zeros are meant. PyTorch's numbers are in test/golden/numbers. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  batchNorm,
  ceil,
  floor,
  foldBranches,
  GradientError,
  gradcheck,
  less,
  patchMoments,
  randn,
  round,
  setBackend,
  sign,
  type Tensor,
  tensor,
} from "../../src/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

const options = { dtype: "float64", requiresGrad: true } as const;

describe("steps", () => {
  for (const [name, step] of Object.entries({ floor, ceil, round, sign }))
    it(`${name} as the only path to the root gives zeros, from an infinite gradient too`, () => {
      const x = tensor([0.3, -1.7, 2.5], undefined, options);
      step(x).backward({ gradient: tensor([1, Number.POSITIVE_INFINITY, -2], undefined, { dtype: "float64" }) });
      expect(x.grad!.toArray()).toEqual([0, 0, 0]);
    });

  it("a comparison has no graph, as a mask of PyTorch has none", () => {
    const x = tensor([0.3, -1.7], undefined, options);
    expect(() => less(x, 0).sum().backward()).toThrow(GradientError);
  });
});

describe("batch statistics in a loss", () => {
  const input = () => randn([6, 3], { ...options, seed: 5 });
  const parameter = (seed: number) => randn([3], { ...options, seed });
  const losses: { readonly [name: string]: (y: Tensor, mean: Tensor, variance: Tensor) => Tensor } = {
    mean: (_, mean) => mean.square().sum(),
    variance: (_, __, variance) => variance.square().sum(),
    "y and variance": (y, _, variance) => y.square().mul(variance).sum(),
  };
  for (const [name, loss] of Object.entries(losses))
    it(`batchNorm's ${name}`, async () => {
      const fn = (x: Tensor, gamma: Tensor, beta: Tensor) => {
        const [y, mean, variance] = batchNorm(x, gamma, beta);
        return loss(y, mean, variance);
      };
      expect(await gradcheck((x, g, b) => fn(x!, g!, b!), [input(), parameter(1), parameter(2)])).toBeLessThan(1e-6);
    });

  it("foldBranches' are refused by name, not left out", () => {
    const kernel = randn([1, 1, 2, 2], { ...options, seed: 3 });
    const [gamma, beta] = [randn([2], { ...options, seed: 4 }), randn([2], { ...options, seed: 6 })];
    const folded = () =>
      foldBranches(patchMoments(randn([1, 3, 3, 2], { ...options, seed: 7 }), 1), [{ gamma, beta, kernel }], {
        kernelSize: 1,
      });
    expect(() => folded().means.sum().backward()).toThrow(/a gradient reached means[\s\S]*hint: detach\(\)/);
    const { weight, variances } = folded();
    expect(() => weight.sum().add(variances.sum()).backward()).toThrow(/a gradient reached variances/);
    expect(() => folded().weight.sum().backward()).not.toThrow();
  });
});
