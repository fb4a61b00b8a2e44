/**
 * Random calls of every public differentiable function against PyTorch's float64, values and gradients. SEEDS=5 runs as many seeds,
 * SEEDS=7..9 these; CASES=N cases of each; CASE=NAME:SEED:NUMBER one.
 */
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/index.js";
import * as functions from "../../src/ops/functional/index.js";
import { hasTorch } from "../io/torch-python.js";
import type { Case } from "./case.js";
import { caseOf, casesOf } from "./cases.js";
import { places, runAll } from "./run-all.js";

const [first, last] = (process.env.SEEDS ?? "3").split("..").map(Number) as [number, number | undefined];
const seeds =
  last === undefined
    ? Array.from({ length: first }, (_, i) => i + 1)
    : Array.from({ length: last - first + 1 }, (_, i) => first + i);
const count = Number(process.env.CASES ?? 2000);
const single = process.env.CASE;

/** Faults of every kind, planted in the first row that draws more than one number. */
const faults: Readonly<Record<string, (call: Case["ours"]) => Case["ours"]>> = {
  "a value that is off": (call) => (x) => functions.mul(call(x) as Tensor, 1 + 2e-5),
  "a gradient that is off": (call) => (x) =>
    functions.add(functions.mul(call(x) as Tensor, 1.01), functions.mul((call(x) as Tensor).detach(), -0.01)),
  "a gradient that is missing": (call) => (x) => call(x.detach()),
  "another shape": (call) => (x) => functions.unsqueeze(call(x) as Tensor, 0),
  "another number of results": (call) => (x) => [call(x) as Tensor, x],
  "a refusal": () => (x) => functions.reshape(x, [x.size + 1]),
};

describe.skipIf(!hasTorch)("random cases", () => {
  it("show planted faults on every backend and dtype", async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `exp:1:${i}`);
    const sound = ids.map(caseOf).find(({ operands }) => operands[0]!.values.length > 1)!;
    const planted = Object.entries(faults).map(([id, fault]) => ({ ...sound, id, ours: fault(sound.ours) }));
    const { problems } = await runAll([sound, ...planted]);
    const shown = problems.map((problem) => problem.replace(/ {2}.*\n {2}(.*?):.*/s, ": $1")).sort();
    expect(shown).toEqual(
      Object.keys(faults)
        .flatMap((id) => places.map((place) => `${id}: ${place}`))
        .sort(),
    );
  });

  it.runIf(single)("CASE is PyTorch's", async () => {
    const { problems } = await runAll([caseOf(single!)]);
    expect(problems).toEqual([]);
  });

  it.skipIf(single).each(seeds)(
    "of seed %i are PyTorch's",
    async (seed) => {
      const { problems } = await runAll(casesOf(seed, count));
      expect(problems.slice(0, 20), `${problems.length} problems`).toEqual([]);
    },
    600_000,
  );
});
