/** Names of classes held against one another: model and data set have to mean the same by a label. */
import { describe, expect, it } from "vitest";
import { compareClasses, namesInWords } from "../../src/train/checkpoints/class-names.js";
import { imagenetNames, imagenetSynsets } from "../../src/train/checkpoints/imagenet-names.js";

const side = (where: string, names: readonly string[] | null, count = names?.length ?? 2) => ({ where, names, count });
const strict = { allow: false };

describe("compareClasses", () => {
  it("is silent where the names are the same", () => {
    expect(compareClasses(side("m", ["a", "b"]), side("d", ["a", "b"]), strict)).toBeNull();
  });

  it("refuses another order and other names, naming the first difference, unless told to go on", () => {
    const permuted = () => compareClasses(side("m", ["a", "b", "c"]), side("d", ["a", "c", "b"]), strict);
    expect(permuted).toThrow(/class 1 is "b" in m and "c" in d, the same names in another order/);
    const others = [side("m", ["a", "b"]), side("d", ["x", "b"])] as const;
    expect(() => compareClasses(...others, strict)).toThrow(
      /class 0 is "a" in m and "x" in d\n.*--allow-other-classes/,
    );
    expect(compareClasses(...others, { allow: true })).toMatch(/class 0 is "a" in m and "x" in d: labels are taken/);
  });

  it("refuses another number of them, told or not", () => {
    const compare = (allow: boolean) => () => compareClasses(side("m", ["a", "b"]), side("d", null, 3), { allow });
    for (const allow of [false, true]) expect(compare(allow)).toThrow(/m: has 2 classes, d has 3/);
  });

  it("says so where one side has no names, and where ImageNet's are words on one side", () => {
    expect(compareClasses(side("m", null), side("d", ["a", "b"]), strict)).toMatch(/^m does not name its classes/);
    expect(compareClasses(side("m", ["a", "b"]), side("d", null), strict)).toMatch(/^d does not name its classes/);
    const synsets = side("d", ["n01440764", "n01443537"]);
    expect(compareClasses(side("m", ["tench", "goldfish"]), synsets, strict)).toMatch(/in words and by WordNet's/);
    expect(() => compareClasses(side("m", ["n01443537", "n01440764"]), synsets, strict)).toThrow(/another order/);
  });
});

describe("class names for people", () => {
  it("are ImageNet's where a file of 1,000 classes has none, and words for WordNet's numbers", () => {
    expect(imagenetSynsets).toEqual([...imagenetSynsets].sort());
    expect(new Set(imagenetNames).size).toBe(1000);
    const names = namesInWords(null, 1000)!;
    // of ILSVRC 2012's development kit: sparse labels 0, 207, 575 and 999
    expect([names[0], names[207], names[575], names[999]]).toEqual([
      "tench",
      "golden retriever",
      "golfcart",
      "toilet tissue",
    ]);
    expect(namesInWords(["n02099601", "n99999999"], 2)).toEqual(["golden retriever", "n99999999"]);
    expect(namesInWords(["cat", "n02099601"], 2)).toEqual(["cat", "n02099601"]);
    expect(namesInWords(null, 10)).toBeNull();
  });
});
