/** What the studio's worker tells of a model's answers. */
import { expect, it } from "vitest";
import type { PictureInfo } from "../../studio/protocol.js";
import { accuracyOn, answersOf, confusionOf, likeliest, probabilitiesOf } from "../../studio/worker/answers.js";

const picture = (id: number, own: number | null, side: PictureInfo["side"]): PictureInfo => ({
  ...{ id, name: `${id}`, class: own, side, group: id, width: 1, height: 1 },
});
const pictures = [picture(1, 0, "train"), picture(2, 1, "val"), picture(5, 1, "val"), picture(7, null, null)];
const logits = Float32Array.of(2, 0, 3, 0, 0, 1, 0, 5);

it("gives probabilities, and answers with the worst first", () => {
  const scores = probabilitiesOf(logits, 2);
  expect(scores[0]).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
  expect([...likeliest(scores, 2)]).toEqual([0, 0, 1, 1]);
  const { ids, worstFirst } = answersOf(pictures, scores, 2);
  expect([...ids]).toEqual([1, 2, 5, 7]);
  // wrong, then right by confidence, then without a class
  expect([...worstFirst]).toEqual([1, 2, 0, 3]);
});

it("survives logits that no exponential takes", () => {
  expect([...probabilitiesOf(Float32Array.of(1000, 0, -1000, -1000), 2)]).toEqual([1, 0, 0.5, 0.5]);
});

it("counts by side", () => {
  const best = likeliest(probabilitiesOf(logits, 2), 2);
  expect(accuracyOn("train", pictures, best)).toBe(1);
  expect(accuracyOn("val", pictures, best)).toBe(0.5);
  expect(accuracyOn("val", [pictures[0]!], best)).toBeNull();
  expect(confusionOf(pictures, best, 2)).toEqual({ side: "val", classes: 2, counts: Int32Array.of(0, 0, 1, 1) });
  expect(confusionOf([pictures[0]!], best, 2).side).toBe("train");
});
