/** The order of names against the order of their code points, which is Python's. */
import { describe, expect, it } from "vitest";
import { byCodePoint } from "../../src/util/by-code-point.js";

describe("byCodePoint", () => {
  it("puts U+F900 before U+20BB7, which UTF-16 units do not", () => {
    expect(["\u{20bb7}", "\u{f900}"].sort(byCodePoint)).toEqual(["\u{f900}", "\u{20bb7}"]);
    expect(["\u{20bb7}", "\u{f900}"].sort()).toEqual(["\u{20bb7}", "\u{f900}"]);
  });

  it("puts a prefix first, capitals before small letters, and nothing between equals", () => {
    expect(["b", "ab", "a", "", "B", "a b"].sort(byCodePoint)).toEqual(["", "B", "a", "a b", "ab", "b"]);
    expect(byCodePoint("\u{1f600}a", "\u{1f600}a")).toBe(0);
  });

  it("agrees with the lists of code points", () => {
    const letters = [
      "a",
      "\u{7f}",
      "\u{d7ff}",
      "\u{e000}",
      "\u{f900}",
      "\u{ffff}",
      "\u{10000}",
      "\u{10400}",
      "\u{20bb7}",
      "\u{10ffff}",
    ];
    const names = letters.flatMap((first) =>
      letters.flatMap((second) => [first, first + second, `${first}${second}a`]),
    );
    const points = (name: string) => [...name].map((letter) => letter.codePointAt(0)!);
    const before = (a: readonly number[], b: readonly number[]): boolean => {
      const at = a.findIndex((point, i) => point !== b[i]);
      return at === -1 ? a.length < b.length : at < b.length && a[at]! < b[at]!;
    };
    for (const a of names)
      for (const b of names) expect(byCodePoint(a, b) < 0, `${a} ${b}`).toBe(before(points(a), points(b)));
  });
});
