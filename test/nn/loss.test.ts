/** Cross-entropy against docs/recipe.md 7, its gradient, and its errors. */
import { beforeAll, describe, expect, it } from "vitest";
import { gradcheck, setBackend, tensor } from "../../src/index.js";
import * as nn from "../../src/nn/index.js";
import { crossEntropy } from "../../src/nn/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

const logits = () =>
  tensor(
    [
      [1, 2, 3, 0.5],
      [0.1, -1, 0.3, 2],
    ],
    undefined,
    { dtype: "float64", requiresGrad: true },
  );
const labels = () => tensor(Int32Array.of(2, 0));

describe("crossEntropy", () => {
  it("agrees with mmpretrain's two smoothings", () => {
    const loss = (mode: "original" | "classyVision") =>
      crossEntropy(logits(), labels(), { labelSmoothing: 0.1, mode }).item();
    // the golden numbers are torch's float32 answers, so they hold to one unit in the last place of float32
    const ulp = 2 ** -23;
    expect(Math.abs(loss("original") - 1.3984169)).toBeLessThanOrEqual(ulp);
    expect(Math.abs(loss("classyVision") - 1.3933032)).toBeLessThanOrEqual(ulp);
    // the same formula in float64, by hand
    expect(loss("original")).toBeCloseTo(1.3984167936067964, 12);
    expect(loss("classyVision")).toBeCloseTo(1.39330315724316, 12);
  });

  it("without smoothing is −log softmax of the label, and ln K for equal logits", () => {
    const rows = [
      [1, 2, 3, 0.5],
      [0.1, -1, 0.3, 2],
    ];
    const byHand = rows.map((row, i) => Math.log(row.reduce((s, v) => s + Math.exp(v), 0)) - row[[2, 0][i]!]!);
    expect(crossEntropy(logits(), labels()).item()).toBeCloseTo((byHand[0]! + byHand[1]!) / 2, 12);
    const equal = crossEntropy(tensor(new Float32Array(1000), [1, 1000]), tensor(Int32Array.of(7)), {
      labelSmoothing: 0.1,
    });
    expect(equal.item()).toBeCloseTo(6.9078, 4);
  });

  it("has the right gradient", async () => {
    const fn = (x: ReturnType<typeof logits>) => crossEntropy(x, labels(), { labelSmoothing: 0.1 });
    expect(await gradcheck((x) => fn(x!), [logits()])).toBeLessThan(1e-6);
  });

  it("takes no notice of a class that was ruled out, and none of its gradient", () => {
    const masked = tensor([[Number.NEGATIVE_INFINITY, 1, 2]], undefined, { dtype: "float64", requiresGrad: true });
    const loss = crossEntropy(masked, tensor(Int32Array.of(1)));
    // ln(1 + e), as torch.nn.functional.cross_entropy
    expect(loss.item()).toBeCloseTo(1.3132616875182228, 14);
    loss.backward();
    const share = 1 / (1 + Math.E);
    const [ruledOut, label, other] = masked.grad!.dataSync();
    expect([ruledOut! + 0, label, other]).toEqual([0, expect.closeTo(share - 1, 14), expect.closeTo(1 - share, 14)]);
    const atLabel = crossEntropy(masked.detach(), tensor(Int32Array.of(0)));
    expect(atLabel.item()).toBe(Number.POSITIVE_INFINITY);
  });

  it("says what does not fit", () => {
    expect(() => crossEntropy(logits(), tensor(Int32Array.of(1)))).toThrow(/logits \[2, 4\] and labels \[1\]/);
    expect(() => crossEntropy(logits(), tensor([1, 2]))).toThrow(/labels are float32, expected int32/);
    expect(() => crossEntropy(logits(), tensor(Int32Array.of(1, 4)))).toThrow(
      /label 4 at position 1.*classes 0 to 3[\s\S]*numClasses of at least 5/,
    );
    expect(() => crossEntropy(logits(), labels(), { labelSmoothing: 1 })).toThrow(/labelSmoothing is 1/);
  });
});

describe("losses", () => {
  it("take labels of any integers, and images of logits", () => {
    const rows = tensor(new Float64Array(2 * 2 * 2 * 3), [2, 2, 2, 3]);
    const bytes = tensor(Uint8Array.of(0, 1, 2, 0, 1, 2, 255, 255), [2, 2, 2]);
    expect(crossEntropy(rows, bytes, { ignoreIndex: 255 }).item()).toBeCloseTo(Math.log(3), 12);
    expect(crossEntropy(rows, bytes, { ignoreIndex: 255, reduction: "none" }).shape).toEqual([2, 2, 2]);
    const long = tensor([2, 0], undefined, { dtype: "int64" });
    expect(crossEntropy(logits(), long).item()).toBeCloseTo(crossEntropy(logits(), labels()).item(), 14);
    expect(new nn.Embedding(3, 2).forward(long).shape).toEqual([2, 2]);
  });

  it("say what does not fit, and what would", () => {
    const images = tensor(new Float32Array(2 * 5 * 3 * 3), [2, 5, 3, 3]);
    const labels = tensor(new Int32Array(18), [2, 3, 3]);
    expect(() => crossEntropy(images, labels)).toThrow(/5 classes come last here: logits\.transpose\(\[0, 2, 3, 1\]\)/);
    expect(() => crossEntropy(logits(), tensor(Int32Array.of(-100, 1)))).toThrow(/label -100[\s\S]*ignoreIndex: -100/);
    expect(() => crossEntropy(logits(), labels, { reduction: "avg" as never })).toThrow(
      /reduction is "avg", expected mean/,
    );
    expect(() => crossEntropy(logits(), tensor(Int32Array.of(0, 1)), { weight: tensor([1, 2]) })).toThrow(
      /weight \[2\], expected \[4\]/,
    );
    expect(() => nn.mseLoss(tensor([[1], [2]]), tensor([1, 2]))).toThrow(
      /mseLoss: input \[2, 1\] and target \[2\][\s\S]*target\.reshape\(\[2, 1\]\)/,
    );
    expect(() => nn.huberLoss(tensor([1]), tensor([1]), { delta: 0 })).toThrow(/delta is 0/);
  });

  it("are modules too, with weights as buffers", () => {
    const weight = tensor(Float64Array.of(1, 2, 3, 4));
    const loss = new nn.CrossEntropyLoss({ weight, labelSmoothing: 0.1 });
    expect(loss.forward(logits(), labels()).item()).toBe(
      crossEntropy(logits(), labels(), { weight, labelSmoothing: 0.1 }).item(),
    );
    expect([...loss.stateDict().keys()]).toEqual(["weight"]);
    expect(`${loss}`).toBe("CrossEntropyLoss(labelSmoothing=0.1)");
    const [x, target] = [tensor([0.25, 0.5]), tensor([0, 1])];
    const pairs = [
      [new nn.MSELoss(), nn.mseLoss],
      [new nn.L1Loss(), nn.l1Loss],
      [new nn.SmoothL1Loss(), nn.smoothL1Loss],
      [new nn.HuberLoss(), nn.huberLoss],
      [new nn.BCELoss(), nn.binaryCrossEntropy],
      [new nn.BCEWithLogitsLoss(), nn.binaryCrossEntropyWithLogits],
      [new nn.KLDivLoss(), nn.klDiv],
    ] as const;
    for (const [module, fn] of pairs) expect(module.forward(x, target).item()).toBe(fn(x, target).item());
    expect(new nn.NLLLoss().forward(logits().logSoftmax(), labels()).item()).toBe(
      crossEntropy(logits(), labels()).item(),
    );
    expect(new nn.FocalLoss({ gamma: 0 }).forward(logits(), labels()).item()).toBeCloseTo(
      crossEntropy(logits(), labels()).item(),
      12,
    );
    const [a, b] = [tensor([[1, 0]]), tensor([[0, 1]])];
    expect(new nn.CosineEmbeddingLoss().forward(a, b, tensor([1])).item()).toBe(1);
    expect(new nn.TripletMarginLoss({ margin: 0 }).forward(a, a, b).item()).toBe(0);
  });
});
