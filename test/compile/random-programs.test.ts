/** A thousand random functions, twenty calls each, with and without compile(): equal bits, and memory that does not grow. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { type Compiled, compile, liveStorage, setBackend } from "../../src/index.js";
import { collectGarbage } from "../collect-garbage.js";
import { runProgram } from "./random-programs.js";

const PROGRAMS = 1000;
const CALLS = 20;
const BLOCK = 100;

let backend: Backend;
beforeAll(async () => {
  backend = await setBackend("wasm", { threads: 1 });
});
afterAll(() => backend.dispose?.());

/** Compares one program with and without compile(); the calls that were replayed. */
function compare(seed: number): number {
  const expected = [...runProgram(seed, CALLS, (fn) => fn)];
  let made: Compiled<readonly never[], unknown> | undefined;
  const results = [
    ...runProgram(seed, CALLS, (fn) => {
      made = compile(fn) as never;
      return made as never;
    }),
  ];
  expect(results, `program ${seed}`).toEqual(expected);
  made!.dispose();
  return made!.stats.replayed;
}

describe("random programs", () => {
  it.each(Array.from({ length: PROGRAMS / BLOCK }, (_, i) => i * BLOCK))("%i and on", async (first) => {
    await collectGarbage();
    const before = liveStorage();
    let replayed = 0;
    for (let seed = first; seed < first + BLOCK; seed++) replayed += compare(seed);
    expect(replayed).toBeGreaterThan((BLOCK * CALLS) / 3);
    await collectGarbage();
    expect(liveStorage()).toEqual(before);
  }, 120_000);
});
