/** Lists of pictures that mutation found: each is refused in a line before anything of its size is made. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { contentHashes } from "../../src/data/sets/content.js";
import { openDataset } from "../../src/data/sets/dataset.js";
import { PictureFiles } from "../../src/data/sets/picture-source.js";
import { DataError } from "../../src/util/errors.js";
import { fixtureUrl } from "./fixtures.js";

const root = mkdtempSync(join(tmpdir(), "hostile-lists-"));
beforeAll(() => {
  mkdirSync(join(root, "train"));
  copyFileSync(fixtureUrl("images/odd1x1.jpg"), join(root, "train", "1.jpg"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it.each([
  "99999999",
  "99999999999999",
  "4294967296",
])("label %s asks for more classes than a data set may have", (label) => {
  const wanted = `${BigInt(label) + 1n} entries, expected at most 100000`;
  const csv = join(root, "set.csv");
  writeFileSync(csv, `path,label\ntrain/1.jpg,0\ntrain/1.jpg,${label}\n`);
  expect(() => openDataset(csv, "train")).toThrow(DataError);
  expect(() => openDataset(csv, "train")).toThrow(`${csv}: classes, one for each label up to its largest: ${wanted}`);
  const list = join(root, "list");
  mkdirSync(join(list, "meta"), { recursive: true });
  for (const name of ["1.jpg", "2.jpg"]) copyFileSync(join(root, "train", "1.jpg"), join(list, name));
  writeFileSync(join(list, "meta", "train.txt"), `1.jpg 0\n2.jpg ${label}\n`);
  writeFileSync(join(list, "meta", "val.txt"), "1.jpg 0\n");
  expect(() => openDataset(list, "train")).toThrow(
    `train.txt: classes, one for each label up to its largest: ${wanted}`,
  );
});

it("a class name of 5,000 bytes is refused by its place, and not quoted", () => {
  const set = join(root, "named");
  mkdirSync(join(set, "meta"), { recursive: true });
  copyFileSync(join(root, "train", "1.jpg"), join(set, "1.jpg"));
  writeFileSync(join(set, "meta", "train.txt"), "1.jpg 0\n1.jpg 1\n");
  writeFileSync(join(set, "meta", "val.txt"), "1.jpg 0\n");
  writeFileSync(join(set, "meta", "classes.txt"), `cat\n${"d".repeat(5000)}\n`);
  expect(() => openDataset(set, "train")).toThrow(
    "classes.txt: the name of class 1: 5000 bytes of a name, expected at most 4096",
  );
});

it("a line that names a picture as a folder stands for a picture that cannot be read", () => {
  const [sound, slashed] = ["1.jpg", "1.jpg/"].map((name) => ({ path: `${join(root, "train")}/${name}` }));
  const hashes = contentHashes([sound!, slashed!]);
  expect(new Set(hashes).size).toBe(2);
  const files = new PictureFiles(0);
  expect(() => files.bytesOf(slashed!)).toThrow(/1\.jpg\//);
  files.close();
});
