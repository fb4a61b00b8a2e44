/** compile(fn) means fn: every scenario says the same with and without it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { compile, manualSeed, setBackend } from "../../src/index.js";
import { allScenarios, show, type Wrap } from "./scenarios.js";

const plain: Wrap = (fn) => fn;
const compiled: Wrap = (fn) => compile(fn as (...args: readonly unknown[]) => unknown) as never;

for (const [name, options] of [
  ["wasm", { threads: 2 }],
  ["reference", {}],
] as const)
  describe(`compile(fn) is fn on ${name}`, () => {
    let backend: Backend;
    beforeEach(async () => {
      backend = await setBackend(name, options);
    });
    afterEach(() => backend.dispose?.());

    it.each(allScenarios)("$name", ({ run }) => {
      const shown = (wrap: Wrap): unknown[] => {
        manualSeed(0);
        // each value is read before the next call
        return Array.from({ [Symbol.iterator]: () => run(wrap)[Symbol.iterator]() }, show);
      };
      expect(shown(compiled)).toEqual(shown(plain));
    });
  });
