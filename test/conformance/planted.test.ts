/**
 * NaN or an infinity planted in one element of one input, for every op: where the reference has no finite number, wasm has
 * none either, so that nothing broken is laundered on the way. (The reverse is allowed: padding is zeros that wasm multiplies.)
 */
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { expectPlantedShows, plantedOps, smallCases } from "./planted.js";

describe("a planted number that is not finite", () => {
  let wasm: Backend;
  beforeAll(() => {
    wasm = createWasmBackend({ threads: 2 });
  });
  afterAll(async () => {
    await wasm.dispose?.();
  });

  for (const op of plantedOps)
    it(op, async () => {
      for (const one of smallCases(op)) await expectPlantedShows(op, one, wasm);
    });
});
