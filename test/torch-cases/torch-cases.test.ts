/**
 * Random calls of every public differentiable function against PyTorch's float64, values and gradients. SEEDS=5 runs as many seeds,
 * SEEDS=7..9 these; CASES=N cases of each; CASE=NAME:SEED:NUMBER one.
 */
import { describe, expect, it } from "vitest";
import { nn } from "../../src/index.js";
import * as functions from "../../src/ops/functional/index.js";
import { hasTorch } from "../io/torch-python.js";
import { caseOf, casesOf, names } from "./cases.js";
import { runAll } from "./run-all.js";
import { withoutRows } from "./without-rows.js";

const [first, last] = (process.env.SEEDS ?? "3").split("..").map(Number) as [number, number | undefined];
const seeds =
  last === undefined
    ? Array.from({ length: first }, (_, i) => i + 1)
    : Array.from({ length: last - first + 1 }, (_, i) => first + i);
const count = Number(process.env.CASES ?? 2000);
const single = process.env.CASE;

const publicNames = [...Object.keys(functions), ...Object.keys(nn)];
const rowNames = new Set(names.map((name) => name.split(" ")[0]!));

describe("rows", () => {
  it("are there for every public function and layer, or the reason why not", () => {
    expect(publicNames.filter((name) => !rowNames.has(name) && !(name in withoutRows))).toEqual([]);
    expect(Object.keys(withoutRows).filter((name) => rowNames.has(name) || !publicNames.includes(name))).toEqual([]);
    expect([...rowNames].filter((name) => !publicNames.includes(name))).toEqual([]);
  });
});

describe.skipIf(!hasTorch)("random cases", () => {
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
