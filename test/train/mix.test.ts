/**
 * mixup, CutMix and the losses of recipes against PyTorch, torchvision and numpy (golden/mix/make-mix.py), and how our own draws are
 * distributed.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawBeta } from "../../src/data/beta.js";
import { MersenneTwister } from "../../src/data/random.js";
import { scope, setBackend, tensor } from "../../src/index.js";
import type { LossChoice } from "../../src/models/recipe-choices.js";
import {
  boxAround,
  drawMix,
  type Mix,
  mixBatch,
  mixImages,
  mixLabels,
  mixTensors,
  mostlyLabels,
  shareLeft,
} from "../../src/train/steps/mix.js";
import { recipeLoss } from "../../src/train/steps/recipe-loss.js";

interface Golden {
  readonly shape: readonly [number, number, number, number];
  readonly classes: number;
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly mixes: readonly {
    readonly drawn: number;
    readonly point: readonly [number, number] | null;
    readonly share: number;
    readonly order: readonly number[];
    readonly box: readonly [number, number, number, number] | null;
    readonly images: readonly number[];
    readonly target: readonly number[];
  }[];
  readonly logits: readonly number[];
  readonly weight: readonly number[];
  readonly losses: readonly {
    readonly choice: LossChoice;
    readonly mix: number | null;
    readonly isWeighted: boolean;
    readonly loss: number;
    readonly gradient: readonly number[];
  }[];
  readonly betas: readonly (readonly [number, number, number, readonly number[]])[];
  readonly tiny: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL("../golden/mix/mix.json", import.meta.url), "utf8")) as Golden;
const [size, height, width] = golden.shape;
const batch = { size, height, width };
const labels = Int32Array.from(golden.labels);

const worst = (got: ArrayLike<number>, wanted: readonly number[]): number => {
  expect(got.length).toBe(wanted.length);
  return Math.max(...wanted.map((value, i) => Math.abs(got[i]! - value)));
};
const mixOf = ({ share, order, box }: Golden["mixes"][number]): Mix => {
  const [top, bottom, left, right] = box ?? [0, 0, 0, 0];
  return { share, order: Uint32Array.from(order), box: box && { top, bottom, left, right } };
};

describe.each(["reference", "wasm"] as const)("%s: the same share, order and box as PyTorch", (backend) => {
  beforeAll(async () => {
    await setBackend(backend);
  });
  afterAll(async () => {
    await setBackend("reference");
  });

  it.each(golden.mixes.map((one, i) => [i, one] as const))("mix %i: pictures and labels", (_, one) => {
    scope(() => {
      const tensors = mixTensors(mixOf(one), batch);
      const images = tensor(Float32Array.from(golden.images), golden.shape);
      expect(worst(mixImages(images, tensors).dataSync(), one.images)).toBeLessThan(1e-6);
      const target = mixLabels(tensor(labels), golden.classes, tensors);
      expect(worst(target.dataSync(), one.target)).toBeLessThan(1e-7);
    });
  });

  it.each([...new Set(golden.losses.map(({ choice }) => choice.kind!))])("%s: values and gradients", (kind) => {
    const cases = golden.losses.filter(({ choice }) => choice.kind === kind);
    expect(cases.length).toBeGreaterThanOrEqual(12);
    for (const { choice, mix, isWeighted, loss, gradient } of cases)
      scope(() => {
        const logits = tensor(Float32Array.from(golden.logits), [size, golden.classes], { requiresGrad: true });
        const soft = mix === null ? null : mixTensors(mixOf(golden.mixes[mix]!), batch);
        const target = soft ? mixLabels(tensor(labels), golden.classes, soft) : tensor(labels);
        const weight = isWeighted ? tensor(Float32Array.from(golden.weight)) : null;
        const value = recipeLoss(logits, target, choice, weight);
        value.backward();
        expect(Math.abs(value.item() - loss)).toBeLessThan(1e-6);
        expect(worst(logits.grad!.dataSync(), gradient)).toBeLessThan(1e-6);
      });
  });
});

it("boxes and what they leave are CutMix's", () => {
  const cut = golden.mixes.filter(({ box }) => box);
  expect(cut.length).toBe(3);
  for (const one of cut) {
    const box = boxAround(one.drawn, one.point!, batch);
    expect([box.top, box.bottom, box.left, box.right]).toEqual(one.box);
    expect(shareLeft(box, batch)).toBeCloseTo(one.share, 15);
  }
});

it("numbers of a beta distribution are numpy's", () => {
  for (const [a, b, seed, values] of golden.betas) {
    const rng = new MersenneTwister(seed);
    for (const value of values) expect(Math.abs(drawBeta(rng, a, b) / value - 1)).toBeLessThan(1e-12);
  }
  const rng = new MersenneTwister(3);
  // both powers underflow in some of these
  for (const value of golden.tiny) expect(drawBeta(rng, 1e-3, 1e-3)).toBeCloseTo(value, 12);
});

describe("what is drawn for a batch", () => {
  const DRAWS = 3000;
  const large = { size: 8, height: 40, width: 60 };
  const both = { mixup: 0.8, cutmix: 1, probability: 0.6, switchProbability: 0.25 };
  const draws = Array.from({ length: DRAWS }, (_, step) => drawMix(both, large, { seed: 1, step, place: 0 }));

  it("is mixed as often as asked for, and switched between the two", () => {
    const mixed = draws.filter(({ order }) => order.some((from, i) => from !== i));
    expect(mixed.length / DRAWS).toBeCloseTo(0.6, 1);
    expect(mixed.filter(({ box }) => box).length / mixed.length).toBeCloseTo(0.25, 1);
    for (const { share, box } of draws.filter((one) => !mixed.includes(one))) expect([share, box]).toEqual([1, null]);
  });

  it("has shares and boxes within the picture, and every order alike", () => {
    for (const { share, box, order } of draws) {
      expect(share >= 0 && share <= 1).toBe(true);
      expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      if (box) expect(box.top >= 0 && box.bottom <= 40 && box.left >= 0 && box.right <= 60).toBe(true);
    }
    const firsts = [0, 0, 0, 0, 0, 0, 0, 0];
    const plain = Array.from({ length: DRAWS }, (_, step) =>
      drawMix({ mixup: 0.4, probability: 1, switchProbability: 0 }, large, { seed: 2, step, place: 0 }),
    );
    for (const { order } of plain) firsts[order[0]!]!++;
    for (const count of firsts) expect(Math.abs(count - DRAWS / 8)).toBeLessThan(80);
    const mean = plain.reduce((sum, { share }) => sum + share, 0) / DRAWS;
    const variance = plain.reduce((sum, { share }) => sum + (share - mean) ** 2, 0) / DRAWS;
    expect(mean).toBeCloseTo(0.5, 1);
    // of Beta(α, α): 1 / (4 (2α + 1))
    expect(variance).toBeCloseTo(1 / (4 * 1.8), 1);
  });

  it("is another one for every seed, step and place, and the same again", () => {
    const at = { seed: 1, step: 3, place: 0 };
    const always = { mixup: 0.2, probability: 1, switchProbability: 0.5 };
    expect(drawMix(always, large, at)).toEqual(drawMix(always, large, at));
    for (const other of [{ seed: 2 }, { step: 4 }, { place: 1 }])
      expect(drawMix(always, large, { ...at, ...other }).share).not.toBe(drawMix(always, large, at).share);
  });

  it("counts the label that a picture has most of", () => {
    const order = Uint32Array.of(1, 2, 3, 0);
    expect([...mostlyLabels({ share: 0.6, order, box: null }, labels)]).toEqual([0, 2, 1, 2]);
    expect([...mostlyLabels({ share: 0.4, order, box: null }, labels)]).toEqual([2, 1, 2, 0]);
  });
});

describe("mixBatch", () => {
  const images = () => tensor(Float32Array.from(golden.images), golden.shape);

  it("mixes as a step of train does", () =>
    scope(() => {
      const options = { numClasses: golden.classes, mixup: 0.8, cutmix: 1, seed: 4 };
      const kinds = new Set<string>();
      for (let step = 0; step < 8; step++) {
        const augments = { mixup: 0.8, cutmix: 1, probability: 1, switchProbability: 0.5 };
        const mix = drawMix(augments, batch, { seed: 4, step, place: 0 });
        const mixed = mixBatch(images(), tensor(labels), { ...options, step });
        const tensors = mixTensors(mix, batch);
        expect(mixed.images.dataSync()).toEqual(mixImages(images(), tensors).dataSync());
        expect(mixed.labels.dataSync()).toEqual(mixLabels(tensor(labels), golden.classes, tensors).dataSync());
        kinds.add(mix.box ? "cutmix" : "mixup");
      }
      expect(kinds.size).toBe(2);
    }));

  it("says what does not fit", () => {
    expect(() => mixBatch(images(), tensor(labels), { numClasses: 3, mixup: 0 })).toThrow(
      /expected one of them above 0/,
    );
    expect(() => mixBatch(images(), tensor([0, 1]), { numClasses: 3, mixup: 1 })).toThrow(/labels \[2\], expected \[N/);
  });
});
