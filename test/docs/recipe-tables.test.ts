/** The tables of docs/recipe.md against the code: sizes, rates by epoch, phases of S1 to S4. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { summarize } from "../../src/models/costs/summary.js";
import { mobileoneRecipe } from "../../src/models/mobileone/recipes.js";
import { planOf } from "../../src/train/recipes/schedule.js";
import { mobileones } from "../models/mobileones.js";

const page = readFileSync(join(import.meta.dirname, "../../docs/recipe.md"), "utf8");
const STEPS_PER_EPOCH = 5005;

/** Cells of the first table below the heading of a section, without its head. */
function tableOf(section: string): string[][] {
  const from = page.split(`\n### ${section} `)[1];
  if (from === undefined) throw new Error(`docs/recipe.md: no section ${section}`);
  const rows = from
    .split("\n### ")[0]!
    .split("\n")
    .filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Half a unit of the last digit that is written. */
function expectWritten(cell: string, value: number, what: string): void {
  const [mantissa, exponent = "0"] = cell.split("e") as [string, string?];
  const digits = mantissa.split(".")[1]?.length ?? 0;
  const unit = 10 ** (Number(exponent) - digits);
  expect(Math.abs(Number(cell) - value), `${what}: ${cell} for ${value}`).toBeLessThanOrEqual(0.501 * unit);
}

it("3.5 has the rates of the schedule", () => {
  const plan = planOf(mobileoneRecipe("mobileone_s0"), STEPS_PER_EPOCH);
  const rows = tableOf("3.5");
  expect(rows.length).toBeGreaterThan(10);
  for (const [epoch, lr, weightDecay, normWeightDecay] of rows as [string, string, string, string][]) {
    const of = plan[Number.parseInt(epoch, 10)]!;
    expectWritten(lr, of.lr, `lr of epoch ${epoch}`);
    expectWritten(weightDecay, of.weightDecay, `weight decay of epoch ${epoch}`);
    expectWritten(normWeightDecay, of.normWeightDecay, `weight decay of batch norm in epoch ${epoch}`);
  }
});

it("3.9 has the phases of S1 to S4", () => {
  for (const [models, ...cells] of tableOf("3.9"))
    for (const name of models!.split(", ")) {
      const { images } = mobileoneRecipe(`mobileone_${name.toLowerCase()}` as "mobileone_s1");
      const phases = [images, ...images.switches];
      const written = phases.map(
        ({ trainSize, randAugmentLevel }) => `${trainSize} px, level ${Number(randAugmentLevel!.toPrecision(3))}`,
      );
      expect(cells).toEqual(written);
    }
});

it("1.3 has the sizes of the models", () => {
  const written = tableOf("1.3").map((row) => row.slice(1).map((cell) => Number(cell.replaceAll(",", ""))));
  const totals = mobileones.map((name) => summarize(name).totals);
  const forms = ["train", "deploy"] as const;
  const sizes = forms.map((form) => totals.map((total) => total[form].parameters));
  // without the linear layer, as the page says
  const macs = forms.map((form) => totals.map((total) => total[form].convMacs));
  expect(written).toEqual([...sizes, ...macs]);
});
