/** The split by content: a function of the bytes, stable under everything else. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { splitByContent } from "../../src/data/sets/hash-split.js";

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
/** `count` pictures of each of `classes` classes. */
const pictures = (classes: number, count: number, from = 0) =>
  Array.from({ length: classes * count }, (_, i) => ({ hash: hashOf(`${from + i}`), label: i % classes }));
const split = (of: readonly { readonly hash: string; readonly label: number }[], fraction: number) =>
  splitByContent(
    of.map(({ hash }) => hash),
    of.map(({ label }) => label),
    fraction,
  );

test.each([0.1, 0.2, 0.5])("a share of %d of many is held out, within four standard deviations", (fraction) => {
  const all = pictures(10, 1000);
  const held = split(all, fraction).filter((side) => side).length;
  const deviation = Math.sqrt(all.length * fraction * (1 - fraction));
  expect(Math.abs(held - all.length * fraction)).toBeLessThan(4 * deviation);
});

test("order, and more pictures, move none", () => {
  const all = pictures(4, 60);
  const sides = new Map(split(all, 0.2).map((side, i) => [all[i]!.hash, side]));
  const grown = [...pictures(4, 40, 5000), ...all.toReversed()];
  split(grown, 0.2).forEach((side, i) => {
    const { hash } = grown[i]!;
    if (sides.has(hash)) expect(side).toBe(sides.get(hash));
  });
});

test("equal files are on one side, in one class or in two", () => {
  const all = pictures(3, 4);
  const twice = [...all, ...all, ...all.map(({ hash, label }) => ({ hash, label: (label + 1) % 3 }))];
  const sides = split(twice, 0.3);
  for (let i = 0; i < all.length; i++) expect([sides[i + 12], sides[i + 24]]).toEqual([sides[i], sides[i]]);
});

test("a class of two different pictures has one on each side, a class of one is trained on", () => {
  for (let start = 0; start < 200; start++) {
    const pair = pictures(1, 2, start * 2);
    expect(split(pair, 0.2).toSorted()).toEqual([false, true]);
    expect(split([pair[0]!, pair[0]!], 0.9)).toEqual([false, false]);
    expect(split(pictures(1, 30, start * 30), 0.9).includes(false)).toBe(true);
  }
});

test("the number of a hash is its first 52 bits", () => {
  const label = 0;
  const at = (share: string) => ({ hash: share.padEnd(64, "0"), label });
  const rest = [at("0"), at("f")];
  expect(split([at("3333333333333"), ...rest], 0.2)[0]).toBe(true);
  expect(split([at("3333333333334"), ...rest], 0.2)[0]).toBe(false);
});
