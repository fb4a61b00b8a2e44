/** The recipes against the tables of docs/recipe.md 3.1, docs/recipe.md 3.5 and docs/recipe.md 3.9, which were read off the reference's resolved configs. */
import { describe, expect, test } from "vitest";
import { DataLoader } from "../../src/data/reading/loader.js";
import { listModels } from "../../src/models/index.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import { mobileoneRecipe } from "../../src/models/mobileone/recipes.js";
import { recipeForms } from "../../src/models/recipe.js";
import { chooseRecipe, type RecipeChoice } from "../../src/train/recipes/choose-recipe.js";
import { trainPhase, trainPipeline } from "../../src/train/recipes/pipeline.js";
import { planOf } from "../../src/train/recipes/schedule.js";
import { fixtureUrl } from "../data/fixtures.js";
import { mobileones } from "../models/mobileones.js";

/** First epoch of a phase, side, level. */
const phases = {
  mobileone_s0: [[0, 224, null]],
  mobileone_s1: [
    [0, 160, 0.7],
    [36, 192, 7],
    [111, 224, 7],
  ],
  mobileone_s2: [
    [0, 160, 2.1],
    [36, 192, 4.9],
    [111, 224, 7],
  ],
  mobileone_s3: [
    [0, 160, 2.1],
    [36, 192, 4.9],
    [111, 224, 7],
  ],
  mobileone_s4: [
    [0, 160, 2.1],
    [36, 192, 4.9],
    [111, 224, 7],
  ],
} as const;

describe.each(mobileones)("%s", (model) => {
  test("as intended switches pictures and augmentation; as shipped stays with the first phase", () => {
    const [intended, shipped] = recipeForms.map((form) => planOf(mobileoneRecipe(model, form), 5005));
    const expected = phases[model];
    intended!.forEach((row, epoch) => {
      const [, size, level] = expected.findLast(([first]) => first <= epoch)!;
      expect([row.trainSize, row.randAugmentLevel], `epoch ${epoch}`).toEqual([size, level]);
    });
    for (const row of shipped!) expect([row.trainSize, row.randAugmentLevel]).toEqual(expected[0].slice(1));
  });

  test("shares everything else with S0, and is named after its model and form", () => {
    for (const form of recipeForms) {
      const { name, source, model: own, images, ...rest } = mobileoneRecipe(model, form);
      const { name: _n, source: _s, model: _m, images: imagesOfS0, ...restOfS0 } = mobileoneS0;
      expect(rest).toEqual(restOfS0);
      const { trainSize, randAugmentLevel, switches, ...otherImages } = images;
      expect(imagesOfS0).toMatchObject(otherImages);
      expect(own).toBe(model);
      expect(name).toBe(model === "mobileone_s0" || form === "intended" ? model : `${model}-as-shipped`);
      expect(source).toContain(`mobileone-${model.slice(-2)}_8xb32_in1k`);
    }
  });
});

test("a plan holds the rates of docs/recipe.md 3.5, batch norm's rise included", () => {
  const plan = planOf(mobileoneRecipe("mobileone_s4"), 5005);
  expect(plan).toHaveLength(300);
  expect(plan[0]).toMatchObject({ firstStep: 0, lr: 1e-4, weightDecay: 1e-4, normWeightDecay: 0 });
  expect(plan[1]!.lr).toBeCloseTo(0.0200807984, 10);
  expect(plan[0]!.lastLr).toBeCloseTo(0.0200768063, 10);
  expect(plan[4]!.lastLr).toBeCloseTo(0.1, 15);
  expect(plan[150]!.lr).toBeCloseTo(0.0513315, 7);
  expect(plan[150]!.lastLr).toBe(plan[150]!.lr);
  expect(plan[150]!.normWeightDecay).toBeCloseTo(5e-6, 15);
  expect(plan[299]!.firstStep).toBe(299 * 5005);
  expect(plan[299]!.weightDecay).toBeCloseTo(1.00025e-5, 10);
});

describe("what the user changes", () => {
  const none: RecipeChoice = {
    model: "mobileone_s2",
    recipe: "intended",
    epochs: undefined,
    batchSize: undefined,
    imageSize: undefined,
    lr: undefined,
    autoScaleLr: false,
  };
  const choose = (changes: Partial<RecipeChoice>, isDemo = false) => chooseRecipe(isDemo, { ...none, ...changes });

  test("nothing: the published recipe, intended or as shipped", () => {
    expect(choose({})).toEqual(mobileoneRecipe("mobileone_s2"));
    expect(choose({ recipe: "as-shipped" })).toEqual(mobileoneRecipe("mobileone_s2", "as-shipped"));
    expect(choose({ model: "mobileone_s0" })).toEqual(mobileoneS0);
  });

  test("a shorter run switches at the same share of it", () => {
    const plan = planOf(choose({ epochs: 30 }), 10);
    const sizes = plan.map(({ trainSize }) => trainSize);
    expect(sizes.indexOf(192)).toBe(4); // 36 of 300
    expect(sizes.indexOf(224)).toBe(11); // 111 of 300
    expect(sizes).toHaveLength(30);
  });

  test("another side keeps the growth, in steps that a stride of 32 takes whole", () => {
    const { images } = choose({ imageSize: 128 });
    expect(images).toMatchObject({ trainSize: 96, evalSize: 128, evalResize: 146 });
    expect(images.switches.map(({ trainSize }) => trainSize)).toEqual([96, 128]);
    expect(choose({ imageSize: 224 }).images).toEqual(mobileoneRecipe("mobileone_s2").images);
    expect(choose({ model: "mobileone_s0", imageSize: 48 }).images.trainSize).toBe(48);
  });

  test("--auto-scale-lr: in proportion to the images of a step over all replicas, 256 being the base", () => {
    const lrOf = (changes: Partial<RecipeChoice>) => choose({ autoScaleLr: true, ...changes }).optimizer.lr;
    expect(lrOf({})).toBeCloseTo(0.1 / 8, 15);
    expect(lrOf({ replicas: 8 })).toBe(0.1);
    expect(lrOf({ replicas: 8, batchSize: 64 })).toBeCloseTo(0.2, 15);
    expect(lrOf({ lr: 0.4, batchSize: 128 })).toBeCloseTo(0.2, 15);
    expect(lrOf({ autoScaleLr: false, replicas: 8, batchSize: 64 })).toBe(0.1);
  });

  test("the demo set has a short recipe of one phase for every model", () => {
    for (const model of listModels()) {
      const recipe = choose({ model }, true);
      expect(recipe).toMatchObject({ model, name: `${model}-demo`, images: { trainSize: 32, switches: [] } });
    }
  });
});

describe("a loader follows the phases", () => {
  const recipe = {
    images: {
      ...mobileoneS0.images,
      trainSize: 16,
      randAugmentLevel: null,
      switches: [
        { epoch: 1, trainSize: 24, randAugmentLevel: 7 },
        { epoch: 3, trainSize: 32, randAugmentLevel: 9 },
      ],
    },
  };
  const samples = Array.from({ length: 6 }, (_, i) => ({
    path: fixtureUrl(`images/${i % 2 ? "rgb" : "s420"}.jpg`).pathname,
    label: i % 2,
  }));
  const options = { batchSize: 4, seed: 5, shuffle: true } as const;
  const epochOf = async (loader: DataLoader, epoch: number, startBatch = 0) => {
    const batches: { readonly side: number; readonly bytes: Uint8Array }[] = [];
    for await (const { images, height, release } of loader.epoch(epoch, { startBatch })) {
      batches.push({ side: height, bytes: images.slice() });
      release();
    }
    return batches;
  };

  test("0-based epochs, the first with a switch included", () => {
    expect([0, 1, 2, 3, 9].map((epoch) => trainPhase(recipe, epoch).trainSize)).toEqual([16, 24, 24, 32, 32]);
    expect(trainPipeline(recipe, 0).map(({ kind }) => kind)).not.toContain("randAugment");
    expect(trainPipeline(recipe, 1).at(-1)).toMatchObject({ kind: "randAugment", level: 7 });
  });

  test.each([0, 2])("from one epoch to the next, and when entered in the middle, with %i workers", async (workers) => {
    const transform = (epoch: number) => trainPipeline(recipe, epoch);
    const whole = new DataLoader({ samples }, { ...options, workers, transform });
    const later = new DataLoader({ samples }, { ...options, workers, transform });
    const fixed = new DataLoader({ samples }, { ...options, workers: 0, transform: trainPipeline(recipe, 2) });
    try {
      const epochs = [];
      for (const epoch of [0, 1, 2, 3]) epochs.push(await epochOf(whole, epoch));
      expect(epochs.map((batches) => batches.map(({ side }) => side))).toEqual([
        [16, 16],
        [24, 24],
        [24, 24],
        [32, 32],
      ]);
      // a run that resumes in the middle of epoch 2 sees what the whole run saw, which is the pipeline of that phase
      expect(await epochOf(later, 2, 1)).toEqual([epochs[2]![1]]);
      expect(await epochOf(fixed, 2)).toEqual(epochs[2]);
    } finally {
      for (const loader of [whole, later, fixed]) await loader.close();
    }
  });
});
