/**
 * Letters, sheets, colours and matrices as pictures: what is drawn is where it should be, and says what it should.
 */
import { describe, expect, it } from "vitest";
import { createImage, type Image } from "../../src/data/codecs/image.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { confusionSvg, MOST_ROWS } from "../../src/figures/confusion-svg.js";
import { contactSheet, enlarged } from "../../src/figures/contact-sheet.js";
import { dotsOf, signsOf } from "../../src/figures/glyphs.js";
import { heatColour } from "../../src/figures/heat-colours.js";
import { lengthOf, lettersIn, writeLine } from "../../src/figures/lettering.js";
import { encodePng, thumbnailPng } from "../../src/figures/png.js";
import { confusionMatrix } from "../../src/train/metrics/confusion-matrix.js";
import { inCsv, inMarkup, jsonLine } from "../../src/util/escape.js";
import { printable } from "../../src/util/printable.js";

const plain = (width: number, height: number, value: number): Image => {
  const image = createImage(width, height);
  image.data.fill(value);
  return image;
};
const pixel = ({ width, data }: Image, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

describe("letters", () => {
  it("are there for all of ASCII, each with another drawing", () => {
    const drawings = new Map<string, string>();
    for (let code = 33; code < 127; code++) {
      const sign = String.fromCharCode(code);
      expect(signsOf(sign)).toEqual([sign]);
      const dots: string[] = [];
      dotsOf(sign, (column, row) => {
        expect([column < 5, row < 8]).toEqual([true, true]);
        dots.push(`${column},${row}`);
      });
      expect(dots.length, sign).toBeGreaterThan(0);
      expect(drawings.get(dots.join(" ")), sign).toBeUndefined();
      drawings.set(dots.join(" "), sign);
    }
  });

  it("lose their accents, and are boxes where nothing is drawn for them", () => {
    expect(signsOf("Åçé → 猫\n")).toEqual([..."Ace → □□"]);
    expect(lengthOf("naïve")).toBe(5);
  });

  it("are written where they were asked for, at a scale, and end in an ellipsis where there is no room", () => {
    const write = (text: string, width: number, scale = 1, left = 2) => {
      const image = plain(60, 24, 255);
      writeLine(image, text, { left, top: 3, width, scale, colour: [10, 20, 30] });
      return image;
    };
    const bar = write("|", 30, 2);
    // the stroke is the third of five columns, seven rows high
    expect(pixel(bar, 2 + 2 * 2, 3)).toEqual([10, 20, 30]);
    expect(pixel(bar, 2 + 2 * 2 + 1, 3 + 13)).toEqual([10, 20, 30]);
    expect(pixel(bar, 2 + 2 * 2, 3 + 14)).toEqual([255, 255, 255]);
    expect(pixel(bar, 5, 3)).toEqual([255, 255, 255]);
    const room = lettersIn(30, 1);
    expect(room).toBe(5);
    expect(write("abcdefgh", 30).data).toEqual(write("abcd…", 30).data);
    expect(write("abcde", 30).data).not.toEqual(write("abcd…", 30).data);
    expect(() => write("beyond the edge of it", 500, 3, -7)).not.toThrow();
  });
});

describe("sheets", () => {
  it("have lines of text below each group, larger ones where they fit", () => {
    const tiles = [plain(20, 20, 0), plain(10, 20, 0), plain(20, 20, 0)];
    const layout = { tile: 20, groupSize: 1, groupsPerRow: 2 };
    const bare = contactSheet(tiles, layout);
    const small = contactSheet(tiles, { ...layout, captions: [["abc"], ["d"], ["e"]] });
    const large = contactSheet(tiles, { ...layout, captions: [["a"], ["d"], ["e"]] });
    expect([bare.height, small.height, large.height]).toEqual([2 * 24 + 4, 2 * 34 + 4, 2 * 44 + 4]);
    expect([small.width, large.width]).toEqual([bare.width, bare.width]);
    // the picture stays where it was, in the middle of its tile
    expect(pixel(small, 4 + 32 + 5, 4)).toEqual([0, 0, 0]);
    expect(pixel(small, 4 + 32 + 4, 4)).toEqual([245, 245, 245]);
    const inked = (sheet: Image, top: number, bottom: number) => {
      const part = sheet.data.subarray(top * sheet.width * 3, bottom * sheet.width * 3);
      return part.filter((value) => value === 30).length;
    };
    expect(inked(small, 24, 34)).toBeGreaterThan(20);
    expect(inked(bare, 0, bare.height)).toBe(0);
  });

  it("show small pictures in whole multiples of their size", () => {
    const image = createImage(2, 1, Uint8Array.of(1, 2, 3, 4, 5, 6));
    const large = enlarged(image, 7);
    expect([large.width, large.height]).toEqual([6, 3]);
    expect([pixel(large, 2, 2), pixel(large, 3, 0)]).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(enlarged(image, 3)).toBe(image);
  });

  it("become PNG files, thumbnails with their longer side as asked", () => {
    const image = plain(40, 20, 7);
    expect(decodeImage(encodePng(image))).toEqual(image);
    const small = decodeImage(thumbnailPng(image, 10));
    expect([small.width, small.height, small.data[0]]).toEqual([10, 5, 7]);
  });
});

describe("colours of heat", () => {
  /** CIE L* of an sRGB colour (CIE 15, IEC 61966-2-1). */
  const lightnessOf = (colour: readonly number[]): number => {
    const [r, g, b] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    return y > (6 / 29) ** 3 ? 116 * Math.cbrt(y) - 16 : y * (29 / 3) ** 3;
  };

  it("grow lighter in even steps, from dark to light", () => {
    const steps = Array.from({ length: 17 }, (_, i) => lightnessOf(heatColour(i / 16)));
    const rises = steps.slice(1).map((value, i) => value - steps[i]!);
    expect(steps[0]).toBeLessThan(12);
    expect(steps.at(-1)).toBeGreaterThan(90);
    for (const rise of rises) expect(rise).toBeGreaterThan(4);
    for (const rise of rises) expect(rise).toBeLessThan(7);
  });

  it("end where the values do", () => {
    expect(heatColour(-1)).toEqual(heatColour(0));
    expect(heatColour(2)).toEqual(heatColour(1));
  });
});

describe("text that is shown", () => {
  it("has nothing unseen, no tags and whole fields", () => {
    expect(printable("a\u001b[31m\nb\u202ec\ud800\u2028é猫")).toBe("a\\x1b[31m\\x0ab\\u{202e}c\\u{d800}\\u{2028}é猫");
    expect(inMarkup(`<b title="x">&'\0`)).toBe("&lt;b title=&quot;x&quot;&gt;&amp;&#39;\\x00");
    expect(["a b", "a,b", 'a"b', "a\nb\t\u001b", 0.5, -0.5].map(inCsv)).toEqual([
      "a b",
      '"a,b"',
      '"a""b"',
      "a\\x0ab\\x09\\x1b",
      "0.5",
      "-0.5",
    ]);
    expect(["=1+1", "+1", "-1", "@SUM(A1)", "a=1"].map(inCsv)).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", "a=1"]);
    expect(jsonLine({ name: "a\u009b\u202e\u2028\u0007é猫" })).toBe('{"name":"a\\u009b\\u202e\\u2028\\u0007é猫"}\n');
    expect(JSON.parse(jsonLine("\u009b\u2066"))).toBe("\u009b\u2066");
  });
});

describe("a confusion matrix", () => {
  /** Every seventh picture of a class is taken for the next one. */
  const made = (classes: number) => {
    const labels = Array.from({ length: classes * 14 }, (_, i) => i % classes);
    const answers = labels.map((label, i) => (Math.floor(i / classes) % 7 === 0 ? (label + 1) % classes : label));
    return confusionMatrix(labels, answers, classes);
  };
  const names = (classes: number) => Array.from({ length: classes }, (_, i) => `class ${i}`);

  it("names every class twice and every count of few classes", () => {
    const svg = confusionSvg(made(4), ["cat", "<script>", "a name of more than two and twenty letters", "d\u001b"]);
    expect(svg.match(/<rect class="cm-right"/g)).toHaveLength(4);
    expect(svg.match(/<rect class="cm-wrong"/g)).toHaveLength(4);
    expect(svg.match(/>12<\/text>/g)).toHaveLength(4);
    expect(svg.match(/>2<\/text>/g)).toHaveLength(4);
    expect(svg.match(/>cat<\/text>/g)).toHaveLength(2);
    expect(svg).toContain("cat taken for &lt;script&gt;: 2 of 14");
    expect(svg).toContain("a name of more than t…</text>");
    expect(svg).toContain("a name of more than two and twenty letters taken for d\\x1b: 2 of 14");
    expect(svg).not.toContain("<script>");
  });

  it("shows each class up to sixty, then bins and the classes with the most mistakes", () => {
    expect(confusionSvg(made(MOST_ROWS), names(MOST_ROWS)).match(/<rect class="cm-right"/g)).toHaveLength(MOST_ROWS);
    const large = made(1000);
    for (let i = 0; i < 9; i++) large.counts[417 * 1000 + 802]! += 1;
    const svg = confusionSvg(large, names(1000));
    expect(svg).toContain("All 1,000 classes by number, 20 to a cell");
    expect(svg).toContain("class 417 taken for class 802: 9 of 23");
    expect(svg).toContain("400–419 taken for 800–819: 9 of 289");
    expect(svg).toContain("970 others");
    expect(svg.length).toBeLessThan(300_000);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("has classes without pictures, and numbers where there are no names", () => {
    const svg = confusionSvg(confusionMatrix([], [], 3));
    expect(svg).not.toMatch(/NaN|undefined|<rect class="cm-right"/);
    expect(svg.match(/>2<\/text>/g)).toHaveLength(2);
  });
});
