/** compile(fn) means fn on a device too: the scenarios, with values read when they have come. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { compile, manualSeed, setBackend, Tensor } from "../../src/index.js";
import { allScenarios, show, type Wrap } from "../compile/scenarios.js";
import { noDriver } from "./software-vulkan.js";

/** Those that a device answers differently, and why. */
const otherwise: Readonly<Record<string, string>> = {
  "label out of range, from a replay too": "index errors come with the next read",
  "an index out of range, given and computed, between two updates": "index errors come with the next read",
  "oneHot of computed indices out of range, after gradients were set": "index errors come with the next read",
  "values of an argument that decide": "dataSync() needs a synchronous backend",
};

const plain: Wrap = (fn) => fn;
const compiled: Wrap = (fn) => compile(fn as (...args: readonly unknown[]) => unknown) as never;

/** Every tensor in `value` replaced by one that can be read at once. */
async function fetched(value: unknown): Promise<unknown> {
  if (value instanceof Tensor) {
    if (value.isFreed) return "freed";
    return [value.dtype, value.shape, value.requiresGrad, [...(await value.data())].map(show)];
  }
  if (Array.isArray(value)) return Promise.all(value.map(fetched));
  if (value instanceof Map) return Promise.all([...value.values()].map(fetched));
  if (value !== null && typeof value === "object")
    return Object.fromEntries(
      await Promise.all(Object.entries(value).map(async ([name, item]) => [name, await fetched(item)] as const)),
    );
  return show(value);
}

describe.skipIf(noDriver !== null)("compile(fn) is fn on webgpu", () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await setBackend("gpu", { float64: "as-float32" });
  });
  afterAll(async () => {
    await backend.dispose?.();
    await setBackend("reference");
  });

  it.each(allScenarios.filter(({ name }) => !(name in otherwise)))("$name", async ({ run }) => {
    const shown = async (wrap: Wrap): Promise<unknown[]> => {
      manualSeed(0);
      const all: unknown[] = [];
      // each value is read before the next call
      for (const value of run(wrap)) all.push(await fetched(value));
      return all;
    };
    expect(await shown(compiled)).toEqual(await shown(plain));
  });
});
