/**
 * What runs on the reference's loops is counted by op and dtype, and told once where it is large.
 */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  coverage,
  fallbacks,
  fullLike,
  getBackend,
  ones,
  rand,
  setBackend,
  setFallbackWarnings,
  zeros,
} from "../../src/index.js";

const MANY = 100_000;
const warn = vi.spyOn(console, "warn").mockImplementation(() => {});

beforeEach(async () => {
  warn.mockClear();
  await setBackend("wasm", { threads: 1 });
});
afterEach(async () => {
  setFallbackWarnings(false);
  await getBackend().dispose?.();
});

it("rows say op, dtype, runs and elements, the largest first", () => {
  ones([10]).atan2(ones([10]));
  ones([30], { dtype: "float64" }).atan2(ones([30], { dtype: "float64" }));
  ones([30], { dtype: "float64" }).atan2(ones([30], { dtype: "float64" }));
  expect(fallbacks()).toEqual([
    { op: "atan2", dtype: "float64", runs: 2, elements: 60 },
    { op: "atan2", dtype: "float32", runs: 1, elements: 10 },
  ]);
});

it("a large one is told once for each op and dtype, where that is wanted", () => {
  const x = ones([MANY]);
  x.atan2(x);
  expect(warn).not.toHaveBeenCalled();
  setFallbackWarnings(true);
  ones([MANY - 1]).atan2(ones([MANY - 1]));
  expect(warn).not.toHaveBeenCalled();
  for (let i = 0; i < 3; i++) x.atan2(x);
  expect(warn.mock.calls).toEqual([
    [
      `wasm: atan2 of float32 [${MANY}] has no kernel and runs in the reference's plain loops, slowly; ` +
        "fallbacks() lists all, setFallbackWarnings(false) or TENSORONE_FALLBACK_WARNINGS=off hides this",
    ],
  ]);
  x.sinh();
  expect(warn).toHaveBeenCalledTimes(2);
});

it("what has a kernel, and random numbers, are not told", () => {
  setFallbackWarnings(true);
  rand([MANY])
    .add(1)
    .mul(fullLike(zeros([MANY]), 2))
    .relu()
    .sum();
  expect(warn).not.toHaveBeenCalled();
});

it("coverage names the backend of each op", async () => {
  expect(coverage()).toMatchObject({ matmul: "wasm", maxPool2d: "wasm", atan2: "reference", adam: "wasm" });
  await setBackend("reference");
  expect(new Set(Object.values(coverage()))).toEqual(new Set(["reference"]));
  expect(fallbacks()).toEqual([]);
});
