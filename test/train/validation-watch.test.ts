/** What a run remembers of its validations: the best, and patience; and what of it can be asked for. */
import { describe, expect, it } from "vitest";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import type { Recipe } from "../../src/models/recipe.js";
import type { ValidationInfo } from "../../src/train/loggers/events.js";
import { changeStopping, describeEarlyStop, expectWatchable } from "../../src/train/recipes/early-stopping.js";
import { ValidationWatch, type WatchState } from "../../src/train/steps/validation-watch.js";

const info = (step: number, top1: number, loss = 1, raw?: ValidationInfo["raw"]): ValidationInfo => ({
  ...{ epoch: step - 1, step, top1, top5: 100, loss, images: 10, imagesPerSecond: 1 },
  ...(raw && { raw }),
});

/** The steps that were the best when they came, and the one after which it was over. */
function follow(recipe: Partial<Recipe>, figures: readonly ValidationInfo[]) {
  const watch = new ValidationWatch(recipe);
  const best: number[] = [];
  for (const one of figures) {
    if (watch.take(one)) best.push(one.step);
    if (watch.isOver) return { best, over: one.step, watch };
  }
  return { best, over: null, watch };
}

const patient = (patience: number, metric: "top1" | "loss" = "top1", minDelta?: number): Partial<Recipe> => ({
  earlyStopping: { patience, metric, ...(minDelta !== undefined && { minDelta }) },
});

describe("patience", () => {
  const top1s = (...values: number[]) => values.map((top1, i) => info(i + 1, top1));
  it.each([
    ["counts in a row, from the best", patient(2), [10, 12, 11, 13, 12, 11, 20], 6],
    ["takes an equal figure for no better one", patient(2), [10, 10, 10], 3],
    ["of 1 ends with the first", patient(1), [10, 9], 2],
    ["goes on while it gets better", patient(1), [1, 2, 3, 4], null],
    ["asks for more than the margin over the best", patient(2, "top1", 1), [10, 10.9, 11, 30], 3],
    ["is kept by a step above the margin", patient(2, "top1", 1), [10, 10.5, 11.5, 12, 12.5], 5],
    ["minds NaN as no better, and beats it by any number", patient(2), [Number.NaN, 5, Number.NaN, 6], null],
    ["ends where no figure is a number", patient(2), [Number.NaN, Number.NaN], 2],
  ] as const)("%s", (_, recipe, values, over) => {
    expect(follow(recipe, top1s(...values)).over).toBe(over);
  });

  it("wants losses smaller", () => {
    const losses = [2, 1.5, 1.6, 1.5].map((loss, i) => info(i + 1, 50, loss));
    expect(follow(patient(2, "loss"), losses).over).toBe(4);
    expect(follow(patient(2, "loss"), losses.slice(0, 3)).over).toBe(null);
  });

  it("may look at the mean F1 of the classes", () => {
    const f1s = [50, 60, 55].map((macroF1, i) => ({ ...info(i + 1, 10), macroF1 }));
    const recipe = { earlyStopping: { patience: 1, metric: "macroF1" }, saveBest: "macroF1" } as const;
    expect(follow(recipe, f1s)).toMatchObject({ best: [1, 2], over: 3 });
    expect([recipe, patient(1)].map((one) => new ValidationWatch(one).wantsClasses)).toEqual([true, false]);
  });

  it("says why", () => {
    const { watch } = follow(patient(2), top1s(10, 9, 8));
    expect(describeEarlyStop(watch, { ...mobileoneS0, ...patient(2) })).toBe(
      "stopped early: 2 epochs in a row without a better top1",
    );
    expect(describeEarlyStop({ waited: 1 }, { ...mobileoneS0, ...patient(1, "loss", 0.05) })).toBe(
      "stopped early: 1 epoch in a row without a better loss by more than 0.05",
    );
  });
});

describe("the best", () => {
  it("is the first of equals", () => {
    const { best, watch } = follow({ saveBest: "top1" }, [info(1, 5), info(2, 5), info(3, 7), info(4, 6)]);
    expect(best).toEqual([1, 3]);
    expect(watch.best).toEqual({ metric: "top1", value: 7, step: 3, isRaw: false });
  });

  it("is the smallest loss, and never NaN", () => {
    const losses = [3, 2, Number.NaN, 2.5].map((loss, i) => info(i + 1, 0, loss));
    expect(follow({ saveBest: "loss" }, losses).watch.best).toMatchObject({ value: 2, step: 2 });
    expect(follow({ saveBest: "loss" }, [info(1, 0, Number.NaN)]).best).toEqual([]);
  });

  it("is the better of both sets of weights in a short run alone", () => {
    const raw = { top1: 30, top5: 100, loss: 2 };
    const figures = [info(1, 20, 1.5, raw)];
    expect(follow({ saveBest: "top1", plan: "short" }, figures).watch.best).toMatchObject({ value: 30, isRaw: true });
    expect(follow({ saveBest: "loss", plan: "short" }, figures).watch.best).toMatchObject({ value: 1.5, isRaw: false });
    expect(follow({ saveBest: "top1", plan: "whole" }, figures).watch.best).toMatchObject({ value: 20, isRaw: false });
  });

  it("goes back to another, or to none", () => {
    const { watch } = follow({ saveBest: "top1" }, [info(1, 5), info(2, 9)]);
    watch.forgetBest();
    expect(watch.take(info(3, 1))).toBe(true);
  });
});

it("a validation counts once, also where its checkpoint was read again from JSON", () => {
  const recipe = { ...patient(3), saveBest: "top1" } as const;
  const { watch } = follow(recipe, [info(1, 5), info(2, 4)]);
  const copy = new ValidationWatch(recipe);
  copy.loadState(JSON.parse(JSON.stringify(watch.state())) as WatchState);
  expect(copy.misses(2)).toBe(false);
  expect(copy.take(info(2, 99))).toBe(false);
  expect(copy.state()).toEqual(watch.state());
  expect([copy.misses(3), copy.waited]).toEqual([true, 1]);
  const nothing = new ValidationWatch({});
  expect(nothing.take(info(1, 5))).toBe(false);
  expect([nothing.state(), nothing.misses(1), nothing.isOver]).toEqual([null, false, false]);
});

describe("what is asked for", () => {
  it("stands in the recipe, with the metric of the best for patience unless told", () => {
    const asked = (changes: Parameters<typeof changeStopping>[1]) => {
      const { earlyStopping, saveBest } = changeStopping(mobileoneS0, changes);
      return { earlyStopping, saveBest };
    };
    expect(asked({})).toEqual({});
    expect(asked({ patience: 5 })).toEqual({ earlyStopping: { patience: 5, metric: "top1" } });
    expect(asked({ patience: 5, saveBest: "loss", minDelta: 0.1 })).toEqual({
      earlyStopping: { patience: 5, metric: "loss", minDelta: 0.1 },
      saveBest: "loss",
    });
    expect(() => asked({ minDelta: 0.1 })).toThrow(/--min-delta without --patience/);
    expect(() => asked({ patienceMetric: "loss" })).toThrow(/--patience-metric without --patience/);
    const stored = changeStopping(mobileoneS0, { patience: 5, saveBest: "loss" });
    expect(changeStopping(stored, { patience: 5, saveBest: "loss" })).toEqual(stored);
  });

  it("is refused before the run where nothing can be told", () => {
    const expectFor = (recipe: Partial<Recipe>, validates = true, numClasses = 10) =>
      expect(() => expectWatchable(recipe, { validates, numClasses }));
    expectFor({}, false).not.toThrow();
    expectFor(patient(1), false).toThrow(/--patience with --no-validate/);
    expectFor({ saveBest: "top1" }, false).toThrow(/--save-best with --no-validate/);
    expectFor(patient(0)).toThrow(/patience is 0 and minDelta 0, expected/);
    expectFor(patient(2, "top1", Number.NaN)).toThrow(/minDelta NaN/);
    expectFor({ saveBest: "top5" }, true, 5).toThrow(/top5 of 5 classes says nothing/);
    expectFor({ saveBest: "top5" }, true, 6).not.toThrow();
  });
});
