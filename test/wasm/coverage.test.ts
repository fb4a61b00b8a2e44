/** Which ops borrow the reference's kernel on wasm: by choice, not because a row of kernels/index.ts was forgotten. */
import { afterAll, expect, it } from "vitest";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";

const backend = createWasmBackend({ threads: 1 });
afterAll(() => backend.dispose());

/** Each with why. */
const borrowed = {
  pow: "no vector formula yet",
  sin: "no vector formula yet",
  cos: "no vector formula yet",
  tan: "no vector formula: rare in models",
  asin: "no vector formula: rare in models",
  acos: "no vector formula: rare in models",
  atan: "no vector formula: rare in models",
  atan2: "no vector formula: rare in models",
  sinh: "no vector formula: rare in models",
  cosh: "no vector formula: rare in models",
  asinh: "no vector formula: rare in models",
  acosh: "no vector formula: rare in models",
  atanh: "no vector formula: rare in models",
  fmod: "no vector formula: rare in models",
  remainder: "no vector formula: rare in models",
  bitwise: "no vector formula: rare in models",
  floorDivide: "no vector formula: rare in models",
  maxPool2dIndices: "asked for by unpooling alone",
  rand: "defined by the generator, on every backend",
  randn: "defined by the generator, on every backend",
  bernoulli: "defined by the generator, on every backend",
};

it("ops without a wasm kernel are these", () => {
  const found = Object.entries(backend.coverage()).flatMap(([op, where]) => (where === "reference" ? [op] : []));
  expect(found.sort()).toEqual(Object.keys(borrowed).sort());
});
