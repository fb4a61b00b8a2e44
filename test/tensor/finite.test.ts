/** What counts as finite, and how the first value that is not is named. */
import { expect, it } from "vitest";
import { setBackend, tensor } from "../../src/index.js";
import { areFinite, findNonFinite, findNonFiniteTensor, showNonFinite } from "../../src/tensor/finite.js";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

it("names the first in the order given, by its position along each axis, and counts all", () => {
  const entries = [
    ["a", { shape: [2], values: Float32Array.of(1, -0) }],
    ["b", { shape: [2, 1, 3], values: Float32Array.of(0, 1, 2, 3, 4, -inf) }],
    ["c", { shape: [2, 2], values: Float64Array.of(nan, inf, nan, 5e-324) }],
  ] as const;
  const found = findNonFinite(entries)!;
  expect(found).toEqual({ name: "b", position: [1, 0, 2], value: -inf, nans: 2, infinities: 2, tensors: 2 });
  expect(showNonFinite(found)).toBe("b[1, 0, 2] is -Infinity (in all 2 NaN and 2 infinite in 2 tensors)");
  expect(findNonFinite(entries.slice(0, 1))).toBeNull();
  expect(findNonFinite([])).toBeNull();
});

it("looks at scalars and at parts of a buffer, and passes over integers and empty tensors", () => {
  const buffer = Float32Array.of(nan, 1, 2, nan);
  expect(findNonFinite([["part", { shape: [2], values: buffer.subarray(1, 3) }]])).toBeNull();
  expect(showNonFinite(findNonFinite([["one", { shape: [], values: Float32Array.of(nan) }]])!)).toBe("one is NaN");
  expect(
    findNonFinite([
      ["empty", { shape: [0, 3], values: new Float32Array(0) }],
      ["count", { shape: [1], values: Int32Array.of(-1) }],
    ]),
  ).toBeNull();
});

it.each([
  [LARGEST_FLOAT32, true],
  [2 ** 128 - 2 ** 103 - 2 ** 75, true],
  [2 ** 128 - 2 ** 103, false],
  [1e300, false],
])("as float32 a double of %d is finite: %s", (value, isNumber) => {
  for (const one of [value, -value]) {
    expect(Number.isFinite(Math.fround(one))).toBe(isNumber);
    const entries = [["x", { shape: [1], values: Float64Array.of(one) }]] as const;
    expect(findNonFinite(entries)).toBeNull();
    expect(findNonFinite(entries, { as: "float32" }) === null).toBe(isNumber);
  }
});

it("knows arrays and tensors alike", async () => {
  expect(areFinite(Float32Array.of(1, 2))).toBe(true);
  for (const odd of [nan, inf, -inf]) expect(areFinite(Float32Array.of(1, 2, odd))).toBe(false);
  for (const backend of ["reference", "wasm"] as const) {
    await setBackend(backend);
    const [good, bad] = [tensor([1, 2]), tensor([[0, 1], [2, -inf]])]; // biome-ignore format: a matrix
    expect(await findNonFiniteTensor([["good", good]])).toBeNull();
    expect(await findNonFiniteTensor([["good", good], ["bad", bad]])).toMatchObject({ name: "bad", position: [1, 1] }); // biome-ignore format: one row
  }
});
