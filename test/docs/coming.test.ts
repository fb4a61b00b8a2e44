/**
 * The tables of docs/coming-from-*.md: every name of ours is there, every function, layer, loss and optimiser of ours is named, and
 * PyTorch has what the page says it has (test/golden/names/make-names.py).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as main from "../../src/index.js";
import { packageRoot } from "./blocks.js";

/** Names by row: theirs, ours. */
function rowsOf(page: string, theirs: RegExp): (readonly [theirs: readonly string[], ours: readonly string[]])[] {
  const names = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  return readFileSync(join(packageRoot, "docs", page), "utf8")
    .split("\n")
    .filter((line) => theirs.test(line))
    .map((line) => {
      const [, first, second] = line.split("|");
      return [names(first!), names(second!)] as const;
    });
}
const rows = {
  "coming-from-pytorch.md": rowsOf("coming-from-pytorch.md", /^\| `torch\./),
  "coming-from-tensorflow.md": rowsOf("coming-from-tensorflow.md", /^\| `tf\.[\w.]+` /),
};

/** What a path such as nn.Linear, x.add or matmul names; undefined where nothing does. */
function find(path: string): unknown {
  if (path.startsWith("x.")) return path.slice(2) in main.Tensor.prototype || undefined;
  let value: unknown = main;
  for (const part of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return value;
}

describe.each(Object.entries(rows))("%s", (_, table) => {
  it("has rows with names on both sides", () => {
    expect(table.length).toBeGreaterThan(15);
    for (const [theirs, ours] of table) expect([theirs.length, ours.length].every((count) => count > 0)).toBe(true);
  });
  it("names what is there", () => {
    expect(table.flatMap(([, ours]) => ours).filter((name) => find(name) === undefined)).toEqual([]);
  });
});

const { names } = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "golden", "names", "names.json"), "utf8"),
) as { readonly names: readonly string[] };

it("PyTorch has its names, as the script found", () => {
  expect(rows["coming-from-pytorch.md"].flatMap(([theirs]) => theirs)).toEqual(names);
});

/** Ours that PyTorch has nothing beside, or that no program begins with. */
const ourOwn = new Set(
  `MersenneTwister randomPermutation sampleSeed splitByContent likenessOf nearDuplicates decodeOnnx renderReport decodeModelFile encodeModelFile
  familyRecipe finetuneRecipe planRecipe imagenetMean imagenetStd models.unfold accuracy applyTransform classificationReport classify confusionMatrix confusionSvg gradCam heatImage heatOverlay mixBatch mostConfidentMistakes mostFrequentConfusions
  evaluate train budgetLimits getBudget setBudget compileTotals coverage evalTransform normalize readImage trainTransform fallbacks foldBranches getBackend installDevtoolsFormatter liveStorage patchMoments scope setBackend
  setFallbackWarnings withBackend nn.compareStates nn.manualSeed optim.byEpoch optim.byIteration optim.OptimizerGroup optim.completeChoice optim.keptBy
  optim.lrAt optim.phases optim.product optim.scaled optim.splitNormParameters optim.startingAt optim.warmMomentum
  optim.weightDecayAt`.split(/\s+/),
);

it("the page for PyTorch names every function, layer, loss and optimiser", () => {
  const named = new Set(
    rows["coming-from-pytorch.md"].flatMap(([, ours]) => ours.map((name) => name.replace(/^x\./, ""))),
  );
  const functions = (namespace: object, prefix: string): string[] =>
    Object.entries(namespace).flatMap(([name, value]) =>
      typeof value === "function" && !(value.prototype instanceof Error) ? [prefix + name] : [],
    );
  const all = [...functions(main, ""), ...functions(main.nn, "nn."), ...functions(main.optim, "optim.")];
  expect(all.length).toBeGreaterThan(250);
  const unnamed = all.filter((name) => !named.has(name) && !ourOwn.has(name) && name !== "Tensor");
  expect(unnamed, "add a row to docs/coming-from-pytorch.md, then run test/golden/names/make-names.py").toEqual([]);
});
