import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { decodeImage } from "../../src/data/codecs/index.js";
import { ImageFolder } from "../../src/data/sets/image-folder.js";

const root = fileURLToPath(new URL("../../demo/fashion-mnist", import.meta.url));

test("the bundled set is whole: ten classes, every picture readable, the hash its README states", () => {
  const total = createHash("sha256");
  for (const [split, perClass] of [
    ["train", 200],
    ["val", 50],
  ] as const) {
    const { classes, samples } = ImageFolder.open(root, split, { numClasses: 10 });
    expect(classes).toContain("00_t-shirt");
    for (let label = 0; label < 10; label++) {
      expect(samples.filter((sample) => sample.label === label).length).toBe(perClass);
    }
    for (const { path } of samples) {
      const bytes = readFileSync(path);
      const { width, height } = decodeImage(bytes, { path });
      expect([width, height]).toEqual([28, 28]);
      total.update(path.slice(root.length + 1)).update(bytes);
    }
  }
  expect(readFileSync(`${root}/README.md`, "utf8")).toContain(total.digest("hex"));
});
