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

  const foldedLosses: { readonly [name: string]: (folded: ReturnType<typeof foldBranches>) => Tensor } = {
    means: ({ means }) => means.square().sum(),
    variances: ({ variances }) => variances.square().sum(),
    "weight and statistics": ({ weight, means, variances }) => weight.square().sum().add(means.mul(variances).sum()),
  };
  for (const [name, loss] of Object.entries(foldedLosses))
    it(`foldBranches' ${name}, through to the pictures`, async () => {
      const fn = (x: Tensor, one: Tensor, three: Tensor, gamma: Tensor, beta: Tensor) =>
        loss(
          foldBranches(
            patchMoments(x, 3, { padding: 1, groups: 2 }),
            [null, one, three].map((kernel) => ({ gamma, beta, kernel })),
            { kernelSize: 3, groups: 2 },
          ),
        );
      const random = (shape: readonly number[], seed: number) => randn(shape, { ...options, seed });
      const inputs = [
        random([1, 3, 4, 4], 7),
        random([1, 1, 2, 4], 3),
        random([3, 3, 2, 4], 4),
        random([4], 5),
        random([4], 6),
      ];
      expect(await gradcheck((...xs) => fn(...(xs as [Tensor, Tensor, Tensor, Tensor, Tensor])), inputs)).toBeLessThan(
        1e-6,
      );
    });
});
