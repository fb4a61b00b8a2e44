/** All 300 damaged pictures of the committed generator through every decoder; damaged.test.ts has 63 of them. */
import { expect, test } from "vitest";
import { damaged, expectSeeds } from "./damaged-pictures.js";

test("300 damaged pictures: every decoder has OpenCV's verdict and pixels", { timeout: 300_000 }, async () => {
  expect(damaged.seeds).toHaveLength(300);
  const { plain, odd, refused } = await expectSeeds(0, 300);
  expect(plain + odd + refused).toBe(300);
  expect(odd).toBeGreaterThan(100);
});
