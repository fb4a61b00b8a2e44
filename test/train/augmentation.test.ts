/** What changes of augmentation and loss make of a recipe, weights of classes, and what a recipe that goes on says of both. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { mobileoneRecipe } from "../../src/models/mobileone/recipes.js";
import type { Recipe } from "../../src/models/recipe.js";
import { type AugmentationChanges, changeAugmentation } from "../../src/train/recipes/change-augmentation.js";
import { chooseRecipe, type RecipeChanges, resumedRecipe } from "../../src/train/recipes/choose-recipe.js";
import { readClassWeights, weightsOfClasses } from "../../src/train/recipes/class-weights.js";
import { describeChoices, describePictures } from "../../src/train/recipes/describe-augmentation.js";
import { trainPipeline } from "../../src/train/recipes/pipeline.js";
import { planRecipe } from "../../src/train/recipes/plan.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-augmentation-"));
afterAll(() => rmSync(root, { recursive: true }));
const fileOf = (name: string, text: string): string => {
  writeFileSync(join(root, name), text);
  return join(root, name);
};

const s2 = mobileoneRecipe("mobileone_s2");
const kindsOf = (recipe: Recipe, epoch: number): string[] => trainPipeline(recipe, epoch).map(({ kind }) => kind);

describe("a recipe", () => {
  it("is the same without changes, and when they are switched off again", () => {
    const all = changeAugmentation(s2, {
      ...{
        colorJitter: [0.4],
        randomErasing: 0.25,
        mixup: 0.2,
        loss: "focal",
        focalGamma: 1,
        classWeights: "balanced",
      },
    });
    expect(changeAugmentation(s2, {})).toEqual(s2);
    expect(all).not.toEqual(s2);
    const off = { colorJitter: [0], randomErasing: 0, mixup: 0, loss: "cross-entropy", classWeights: "none" } as const;
    expect(changeAugmentation(all, off)).toEqual(s2);
  });

  it("has timm's and torchvision's numbers where only one is given", () => {
    const { images, batchAugments, loss } = changeAugmentation(s2, {
      ...{ colorJitter: [0.4], randomErasing: 0.25, mixup: 0.8, cutmix: 1, loss: "sigmoid-focal", labelSmoothing: 0 },
    });
    expect(images.colorJitter).toEqual({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0 });
    expect(images.randomErasing).toEqual({
      ...{ probability: 0.25, scale: [0.02, 0.33], ratio: [0.3, 3.3], mode: "const", value: [124, 116, 104] },
    });
    expect(batchAugments).toEqual({ mixup: 0.8, cutmix: 1, probability: 1, switchProbability: 0.5 });
    expect(loss).toEqual({ labelSmoothing: 0, mode: "original", kind: "sigmoid-focal" });
  });

  it("has AutoAugment instead of RandAugment in all of its phases, then colours, then erasing", () => {
    const { epochs } = s2;
    expect(kindsOf(s2, epochs - 1)).toEqual(["randomResizedCrop", "randomFlip", "randAugment"]);
    const changed = changeAugmentation(s2, {
      ...{ autoAugment: "imagenet", colorJitter: [0.4, 0.4, 0.4, 0.1], randomErasing: 1 },
    });
    for (const epoch of [0, epochs - 1])
      expect(kindsOf(changed, epoch)).toEqual([
        ...["randomResizedCrop", "randomFlip", "autoAugment", "colorJitter", "randomErasing"],
      ]);
  });

  it("goes on with the bytes that it was written with", () => {
    const changes: RecipeChanges = {
      ...{
        autoAugment: "svhn",
        colorJitter: [0.1, 0.2, 0.3],
        randomErasing: 0.3,
        mixup: 0.2,
        cutmix: 1,
        mixupProb: 0.5,
      },
      ...{ loss: "focal", focalGamma: 3, classWeights: "balanced", accumulate: 2, clipGradNorm: 1 },
    };
    const form = { model: "mobileone_s2", recipe: "intended" } as const;
    const written = JSON.stringify(planRecipe(chooseRecipe(false, { ...form, ...changes, epochs: 20 }), 10));
    const stored = JSON.parse(written) as Recipe;
    for (const [choice, given] of [
      [form, []],
      [{ ...form, ...changes }, Object.keys(changes)],
    ] as const)
      expect(JSON.stringify(resumedRecipe(stored, choice, new Set(given)))).toBe(written);
  });

  it.each<[AugmentationChanges, RegExp]>([
    [{ colorJitter: [0.1, 0.2] }, /color jitter: 2 numbers, expected 1, 3 or 4/],
    [{ colorJitter: [0.1, 0.1, 0.1, 0.7] }, /hue is 0.7, expected at least 0 and at most 0.5/],
    [{ randomErasingMode: "rand" }, /a mode, but no probability/],
    [{ mixupProb: 0.5 }, /neither mixup nor CutMix is on/],
    [{ mixup: 1, mixupSwitchProb: 0.5 }, /mixup and CutMix are not both on/],
    [{ focalGamma: 1 }, /the loss is cross-entropy, expected focal or sigmoid-focal/],
    [{ loss: "focal", focalAlpha: 0.5 }, /the loss is focal, expected sigmoid-focal/],
  ])("refuses %j", (changes, message) => {
    expect(() => changeAugmentation(s2, changes)).toThrow(message);
  });
});

it("what chance does is told in one line, and nothing where it does nothing", () => {
  expect(describeChoices(s2, null)).toBeNull();
  expect(describePictures(s2, s2.epochs - 1)).toMatch(/^RandAugment level \d+$/);
  const changed = changeAugmentation(s2, {
    ...{
      autoAugment: "svhn",
      colorJitter: [0.4, 0.4, 0.4, 0.1],
      randomErasing: 0.25,
      mixup: 0.2,
      cutmix: 1,
      mixupProb: 0.5,
    },
    ...{ loss: "focal", focalGamma: 1.5, classWeights: "balanced" },
  });
  const pictures = "AutoAugment svhn, colour jitter 0.4, 0.4, 0.4, 0.1, random erasing 25 %, const";
  expect(describePictures(changed, 0)).toBe(`no RandAugment, ${pictures}`);
  expect(describeChoices(changed, [2, 2 / 3])).toBe(
    `${pictures.replace("svhn, ", "svhn; ").replace("0.1, ", "0.1; ")}; batches by mixup 0.2 and CutMix 1 for 50 %, 50 % of them; loss focal, gamma 1.5, classes weigh 0.667 to 2`,
  );
  expect(describeChoices(changeAugmentation(s2, { cutmix: 1 }), null)).toBe("batches by CutMix 1");
});

describe("weights of classes", () => {
  const classes = ["ant", "bee", "wasp"];
  const counts = [10, 30, 0];

  it("come by rarity, in order, or by name", () => {
    expect(weightsOfClasses(undefined, classes, counts)).toBeNull();
    expect(weightsOfClasses("balanced", classes, counts)).toEqual([2, 40 / 60, 0]);
    expect(weightsOfClasses([1, 2, 3], classes, counts)).toEqual([1, 2, 3]);
    expect(weightsOfClasses({ bee: 0.5 }, classes, counts)).toEqual([1, 0.5, 1]);
  });

  it("fit the classes, or say how they do not", () => {
    expect(() => weightsOfClasses([1, 2], classes, counts)).toThrow(/2 numbers, but the data set has 3 classes/);
    expect(() => weightsOfClasses({ been: 1 }, classes, counts)).toThrow(/no class "been"[\s\S]*the nearest is bee/);
    expect(() => weightsOfClasses([1, -1, 1], classes, counts)).toThrow(/-1 for class bee, expected a number of at/);
    expect(() => weightsOfClasses([0, 0, 1], classes, counts)).toThrow(/0 for all classes that have pictures/);
  });

  it("are read from a file", () => {
    expect(readClassWeights("balanced")).toBe("balanced");
    expect(readClassWeights(fileOf("list.json", "[1, 2.5]"))).toEqual([1, 2.5]);
    expect(readClassWeights(fileOf("names.json", '{"ant": 2}'))).toEqual({ ant: 2 });
    expect(() => readClassWeights(join(root, "none.json"))).toThrow(/there is no such file/);
    expect(() => readClassWeights(fileOf("text.json", "ant 2"))).toThrow(/it is not JSON/);
    for (const text of ["[]", "3", '{"ant": "2"}', "null"])
      expect(() => readClassWeights(fileOf("odd.json", text))).toThrow(/expected numbers/);
  });
});
