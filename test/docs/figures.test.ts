/**
 * The drawn figures of docs/ are what the code draws today; `npx vitest run test/docs/figures.test.ts -u` writes them anew.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { architecture, folders } from "../../scripts/figures/architecture.js";
import { depthwiseClasses } from "../../scripts/figures/depthwise-classes.js";
import { depthwiseSegments } from "../../scripts/figures/depthwise-segments.js";
import { foldedBlock } from "../../scripts/figures/folded-block.js";
import { arrows, floors, roofs } from "../house.js";

const figures = {
  architecture: () => architecture(arrows, roofs, floors),
  "depthwise-classes": depthwiseClasses,
  "depthwise-segments": depthwiseSegments,
  "folded-block": foldedBlock,
} as const;

for (const [name, draw] of Object.entries(figures))
  it(`docs/figures/${name}.svg is what its script draws`, async () => {
    await expect(draw()).toMatchFileSnapshot(join(import.meta.dirname, "../../docs/figures", `${name}.svg`));
  });

it("the picture of the folders has a row for each of them", () => {
  expect(Object.keys(folders).sort()).toEqual(Object.keys(arrows).sort());
});
