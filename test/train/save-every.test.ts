/** When a run is saved within an epoch, and what its log averages across a resume. */
import { expect, test } from "vitest";
import { StepAverages } from "../../src/train/loggers/step-averages.js";
import { paceOf, SaveClock } from "../../src/train/recipes/save-every.js";

test("steps and times are told apart, and what is neither is refused", () => {
  const cases: [string | number, unknown][] = [
    ["500", { steps: 500 }],
    [3, { steps: 3 }],
    ["10m", { ms: 600_000 }],
    ["45s", { ms: 45_000 }],
    ["1.5h", { ms: 5_400_000 }],
    ["0", null],
    [0, null],
    ["0s", null],
  ];
  for (const [every, pace] of cases) expect(paceOf(every, "x"), String(every)).toEqual(pace);
  for (const wrong of ["", "m", "10 m", "-5", -5, 1.5, "1e3", "10d", "9007199254740993", Number.NaN])
    expect(() => paceOf(wrong, "--save-every"), String(wrong)).toThrow(
      /^--save-every: .*, expected a number of steps such as 500, a time such as 10m, 45s or 1h, or 0/,
    );
});

test("steps count from the begin of the run, time from the last checkpoint", () => {
  const bySteps = new SaveClock({ steps: 3 });
  expect([1, 2, 3, 4, 5, 6].filter((step) => bySteps.isDue(step))).toEqual([3, 6]);
  let now = 0;
  const byTime = new SaveClock({ ms: 100 }, () => now);
  now = 99;
  expect(byTime.isDue(1)).toBe(false);
  now = 100;
  expect(byTime.isDue(2)).toBe(true);
  byTime.saved();
  expect(byTime.isDue(3)).toBe(false);
  expect(new SaveClock(null).isDue(100)).toBe(false);
});

test("averages that went through a checkpoint's JSON go on as if they had not", () => {
  const figures = Array.from({ length: 50 }, (_, i) => ({ loss: 2 + Math.sin(i) / 3, accuracy: (i % 7) / 7 }));
  const whole = new StepAverages();
  let halves = new StepAverages();
  for (const [i, one] of figures.entries()) {
    if (i % 11 === 5) halves = new StepAverages(JSON.parse(JSON.stringify(halves.sums)));
    whole.add(one, i % 20 === 0);
    halves.add(one, i % 20 === 0);
    expect(halves.sums).toEqual(whole.sums);
    expect([halves.epoch, halves.recent]).toEqual([whole.epoch, whole.recent]);
  }
  expect(whole.sums.epoch.steps).toBe(10);
});
