/** Cross-entropy against docs/recipe.md 7, its gradient, and its errors. */
import { beforeAll, describe, expect, it } from "vitest";
import { gradcheck, setBackend, tensor } from "../../src/index.js";
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
