/** A backend whose threads started before compile() was loaded, as a page's do that imports compile() later. */
import { expect, it } from "vitest";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";

it("starts new threads for the first program, and runs programs and single ops on them", async () => {
  const backend = createWasmBackend({ threads: 2 });
  const values = backend.allocate("float32", 4);
  backend.write(values, "float32", 0, Float32Array.of(1, 2, 3, 4));

  const { compile, ones, withBackend } = await import("../../src/index.js");
  await withBackend(backend, () => {
    const x = ones([300_000]);
    const before = x.add(1).sum().item();
    const step = compile((t: typeof x) => t.mul(2).add(1).sum());
    const sums = Array.from({ length: 20 }, () => step(x).item());
    expect([before, ...sums]).toEqual([600_000, ...new Array<number>(20).fill(900_000)]);
    expect(x.add(2).sum().item()).toBe(900_000);
  });
  expect(backend.threads).toBe(2);
  // memory stays as it was
  expect([...backend.readSync(values, "float32", 0, 4)]).toEqual([1, 2, 3, 4]);
  await backend.dispose();
});
