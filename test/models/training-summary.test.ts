/** The cost rule, block by block: where four branches fold to one convolution it pays, and the table says so. */
import { describe, expect, it } from "vitest";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { wasmSpeeds } from "../../src/backends/wasm/speeds.js";
import { setBackend } from "../../src/index.js";
import { summarizeTraining } from "../../src/models/index.js";

const backend = { speeds: wasmSpeeds };

describe("summarizeTraining", () => {
  it("has a row per block with the input it sees", () => {
    const rows = summarizeTraining("mobileone_s0", { imageSize: 224, batchSize: 32, backend });
    expect(rows.length).toBe(43);
    expect(rows.map(({ inputShape }) => inputShape).slice(0, 3)).toEqual([
      [32, 224, 224, 3],
      [32, 112, 112, 48],
      [32, 56, 56, 48],
    ]);
    expect(rows.at(-1)!.inputShape).toEqual([32, 7, 7, 256]);
  });

  it("folds S0's pointwise blocks at 224 pixels, and takes the cheaper form everywhere", () => {
    const rows = summarizeTraining("mobileone_s0", { backend });
    expect(rows.filter(({ type }) => type === "pointwise").length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row.form).toBe(row.foldedMs! < row.plainMs! ? "folded" : "plain");
      if (row.type === "pointwise") expect(row.form).toBe("folded");
    }
  });

  it("asks the backend in use unless told", async () => {
    await setBackend("reference");
    expect(summarizeTraining("mobileone_s1")).toEqual(summarizeTraining("mobileone_s1", { backend }));
  });

  it("follows the speeds: where float64 is slow enough, branches pay everywhere", () => {
    const slow = { speeds: { ...wasmSpeeds, doubleProducts: 1 } };
    const rows = summarizeTraining("mobileone_s0", { backend: slow });
    expect(rows.map(({ form }) => form)).toEqual(rows.map(() => "plain"));
  });

  it("folds nothing where float64 has only float32's digits, or where no speeds are told", () => {
    for (const other of [{ ...backend, hasFloat64Digits: false }, {}]) {
      const rows = summarizeTraining("mobileone_s0", { backend: other });
      expect(rows.map(({ form }) => form)).toEqual(rows.map(() => "plain"));
    }
    expect(summarizeTraining("mobileone_s0", { backend: {} })[0]).toMatchObject({ plainMs: null, foldedMs: null });
  });
});

/** Model, side of the pictures, batch, and the form of each block: f folded, p branch by branch. Bits of runs depend on them. */
const choices = [
  ["mobileone_s0", 224, 32, "fffffffffffffffffffffffffffffffffffffffffff"],
  ["mobileone_s0", 224, 8, "fffffffffffffffffffffffffffffffffffffffffff"],
  ["mobileone_s0", 192, 32, "fffffffffffffffffffffffffffffffffffffffffff"],
  ["mobileone_s0", 192, 8, "ffffffffffffffffffffffffffffffffffffffffffp"],
  ["mobileone_s0", 160, 32, "fffffffffffffffffffffffffffffffffffffffffff"],
  ["mobileone_s0", 160, 8, "ffffffffffffffffffffffffffffffffffffffffffp"],
  ["mobileone_s0", 32, 32, "ffffffffffffffffffffffpfpfpfpfpfpfpfpfpfpfp"],
  ["mobileone_s0", 32, 8, "ffffffffpfpfpfpfpfpfpfpfpfpfpfpfpfpfpfpfpfp"],
  ["mobileone_s1", 224, 32, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s1", 224, 8, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s1", 192, 32, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s1", 192, 8, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s1", 160, 32, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s1", 160, 8, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s1", 32, 32, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s1", 32, 8, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s2", 224, 32, "fppfppffpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s2", 224, 8, "fppfppffpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s2", 192, 32, "fppfppffpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s2", 192, 8, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s2", 160, 32, "fppfppffpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s2", 160, 8, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s2", 32, 32, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s2", 32, 8, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s3", 224, 32, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s3", 224, 8, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s3", 192, 32, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s3", 192, 8, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s3", 160, 32, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s3", 160, 8, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s3", 32, 32, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s3", 32, 8, "fppfpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s4", 224, 32, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s4", 224, 8, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s4", 192, 32, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s4", 192, 8, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s4", 160, 32, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s4", 160, 8, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s4", 32, 32, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
  ["mobileone_s4", 32, 8, "fpffpppfpfpfpfpfpfpfpppfpfpfpfpfpfpfpfpfppp"],
] as const;

describe("the choice", () => {
  it.each(choices)("of %s at %i px, batch %i", (model, imageSize, batchSize, forms) => {
    for (const one of [backend, referenceBackend]) {
      const rows = summarizeTraining(model, { imageSize, batchSize, backend: one });
      expect(rows.map(({ form }) => form[0]).join("")).toBe(forms);
    }
  });
});
