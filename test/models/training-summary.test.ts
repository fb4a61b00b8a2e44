/** The cost rule, block by block: where four branches fold to one convolution it pays, and the table says so. */
import { describe, expect, it } from "vitest";
import { summarizeTraining } from "../../src/models/index.js";

describe("summarizeTraining", () => {
  it("has a row per block with the input it sees", () => {
    const rows = summarizeTraining("mobileone_s0", { imageSize: 224, batchSize: 32 });
    expect(rows.length).toBe(43);
    expect(rows.map(({ inputShape }) => inputShape).slice(0, 3)).toEqual([
      [32, 224, 224, 3],
      [32, 112, 112, 48],
      [32, 56, 56, 48],
    ]);
    expect(rows.at(-1)!.inputShape).toEqual([32, 7, 7, 256]);
  });

  it("folds S0's pointwise blocks at 224 pixels, and takes the cheaper form everywhere", () => {
    for (const row of summarizeTraining("mobileone_s0")) {
      expect(row.form).toBe(row.foldedMs < row.plainMs ? "folded" : "plain");
      if (row.type === "pointwise") expect(row.form).toBe("folded");
    }
  });

  it("folds nothing where float64 has only float32's digits", () => {
    const rows = summarizeTraining("mobileone_s0", { hasFloat64Digits: false });
    expect(rows.map(({ form }) => form)).toEqual(rows.map(() => "plain"));
  });
});
