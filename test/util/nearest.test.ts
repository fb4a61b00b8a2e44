import { expect, test } from "vitest";
import { nearestName } from "../../src/util/nearest.js";

const names = ["epochs", "max-steps", "seed", "batch-size"];

test.each([
  ["epoch", "epochs"],
  ["max_steps", "max-steps"],
  ["sede", "seed"],
  ["bathc-size", "batch-size"],
  ["size", undefined],
  ["x", undefined],
  ["", undefined],
])("%s is probably %s", (given, meant) => {
  expect(nearestName(given, names)).toBe(meant);
});
