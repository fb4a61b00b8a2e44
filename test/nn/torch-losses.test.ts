/** Every loss over its options and at its edges: values and gradients of PyTorch's float64 (make-losses.py), eager and compiled. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { compile, nn, setBackend, type Tensor, tensor } from "../../src/index.js";

type Written = readonly [shape: readonly number[], dtype: "float64" | "int32", values: readonly (number | string)[]];

/** Tensors are indices of the fixture's list. */
interface Case {
  readonly name: keyof typeof losses;
  readonly inputs: readonly number[];
  readonly options: object;
  readonly tensors: Readonly<Record<string, number>>;
  readonly loss: number;
  /** Of the first inputs. */
  readonly gradients: readonly number[];
}

type Loss = (...args: never[]) => Tensor;
const losses = {
  crossEntropy: nn.crossEntropy,
  nllLoss: nn.nllLoss,
  focalLoss: nn.focalLoss,
  mseLoss: nn.mseLoss,
  l1Loss: nn.l1Loss,
  smoothL1Loss: nn.smoothL1Loss,
  huberLoss: nn.huberLoss,
  binaryCrossEntropy: nn.binaryCrossEntropy,
  binaryCrossEntropyWithLogits: nn.binaryCrossEntropyWithLogits,
  sigmoidFocalLoss: nn.sigmoidFocalLoss,
  klDiv: nn.klDiv,
  cosineSimilarity: nn.cosineSimilarity,
  cosineEmbeddingLoss: nn.cosineEmbeddingLoss,
  tripletMarginLoss: nn.tripletMarginLoss,
} as const satisfies Readonly<Record<string, Loss>>;

const fixture = JSON.parse(readFileSync(new URL("../golden/losses/losses.json", import.meta.url), "utf8")) as {
  readonly tensors: readonly Written[];
  readonly cases: readonly Case[];
};
const { cases } = fixture;

/** Relative, of numbers above 1 in size: sums of a few dozen terms in another order. */
const TOLERANCE = 1e-12;

const made = (index: number): Tensor => {
  const [shape, dtype, values] = fixture.tensors[index]!;
  return tensor(dtype === "int32" ? Int32Array.from(values as number[]) : Float64Array.from(values, Number), shape);
};

/** The first place where the two are not the same number, in words. */
function difference(what: string, found: Tensor | null, index: number): string | null {
  const [shape, , values] = fixture.tensors[index]!;
  if (!found) return `${what}: none`;
  if (`${found.shape}` !== `${shape}`) return `${what}: shape [${found.shape}], expected [${shape}]`;
  const expected = values.map(Number);
  const own = found.dataSync();
  const at = expected.findIndex((wanted, i) => {
    const value = Number(own[i]);
    return (
      !Object.is(value + 0, wanted + 0) && !(Math.abs(value - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted)))
    );
  });
  return at < 0 ? null : `${what}[${at}] is ${own[at]}, expected ${expected[at]}`;
}

function problems(one: Case, isCompiled: boolean): string[] {
  const inputs = one.inputs.map(made);
  const leaves = inputs.slice(0, one.gradients.length);
  for (const leaf of leaves) leaf.requiresGrad = true;
  const tensors = Object.fromEntries(Object.entries(one.tensors).map(([name, value]) => [name, made(value)]));
  const [shape, , values] = fixture.tensors[one.loss]!;
  const weights = tensor(
    Float64Array.from(values, (_, i) => i + 1),
    shape,
  );
  const loss = losses[one.name] as (...args: unknown[]) => Tensor;
  const step = () => {
    const y = loss(...inputs, { ...one.options, ...tensors }).keep();
    y.mul(weights).sum().backward();
    return y;
  };
  const y = isCompiled ? (compile(step)() as Tensor) : step();
  const found = [
    difference("loss", y, one.loss),
    ...one.gradients.map((gradient, i) => difference(`gradient of input ${i}`, inputs[i]!.grad, gradient)),
  ];
  return found.flatMap((problem) =>
    problem === null ? [] : [`${JSON.stringify(one.options)} ${Object.keys(one.tensors)} [${shape}]: ${problem}`],
  );
}

beforeAll(async () => {
  await setBackend("reference");
});

describe.each(Object.keys(losses))("%s", (name) => {
  const own = cases.filter((one) => one.name === name);

  it("is torch's, values and gradients", () => {
    expect(own.length).toBeGreaterThan(2);
    expect(own.flatMap((one) => problems(one, false))).toEqual([]);
  });

  it("is the same compiled", () => {
    expect(own.filter((_, i) => i % 5 === 0).flatMap((one) => problems(one, true))).toEqual([]);
  });
});
