/** Names and lists as other people's disks have them: bytes that are no UTF-8, twins, absolute paths, odd labels, files of other kinds. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { openDataset, surveyDataset } from "../../src/data/sets/dataset.js";
import { DataError } from "../../src/util/errors.js";
import { fixtureUrl } from "./fixtures.js";

const folders: string[] = [];
let root = "";
const at = (...parts: string[]) => join(root, ...parts);
const picture = (...parts: string[]): string => {
  const path = at(...parts);
  mkdirSync(join(path, ".."), { recursive: true });
  copyFileSync(fixtureUrl("images/grey.jpg"), path);
  return path;
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tensorone-names-"));
  folders.push(root);
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const failure = (open: () => unknown): DataError => {
  try {
    open();
  } catch (cause) {
    if (cause instanceof DataError) return cause;
    throw cause;
  }
  throw new Error("opened, expected a DataError");
};
const problems = (split: string): string[] => {
  const found: string[] = [];
  surveyDataset(root, split, (problem) => found.push(problem.message));
  return found;
};

describe("names", () => {
  test("that are no UTF-8 are refused by their bytes, files and folders", () => {
    picture("train", "a", "1.jpg");
    picture("train", "b", "1.jpg");
    const latin = Buffer.concat([Buffer.from(`${at("train", "a")}/caf`), Buffer.of(0xe9, 0x1b), Buffer.from(".jpg")]);
    writeFileSync(latin, "x");
    const { message } = failure(() => openDataset(root, "train", { valFraction: 0 }));
    expect(message).toMatch(
      /train\/a: a name is no UTF-8 \(caf\\xe9\\x1b\.jpg\), expected names in UTF-8\n {2}hint: .*convmv/,
    );
    mkdirSync(Buffer.concat([Buffer.from(`${at("train")}/`), Buffer.of(0xff)]));
    expect(problems("train").join("\n")).toMatch(/train: a name is no UTF-8 \(\\xff\)/);
    // the sign that stands for torn bytes is a sign like others
    rmSync(at("train"), { recursive: true });
    picture("train", "\ufffd", "1.jpg");
    picture("train", "b", "1.jpg");
    expect(openDataset(root, "train", { valFraction: 0 }).classes).toEqual(["b", "\ufffd"]);
  });

  test("that look the same are told apart, and told of", () => {
    const [nfc, nfd] = ["caf\u00e9", "cafe\u0301"];
    picture("train", nfc, "1.jpg");
    picture("train", "b", "1.jpg");
    picture("val", nfd, "1.jpg");
    expect(failure(() => openDataset(root, "val")).hint).toMatch(
      /caf\\u\{e9\} is there, which looks like cafe\\u\{301\}/,
    );
    picture("train", nfd, "1.jpg");
    expect(openDataset(root, "train").notices!.join("\n")).toMatch(
      /train: classes cafe\\u\{301\} and caf\\u\{e9\} look the same and are two/,
    );
    writeFileSync(at("train_list.txt"), `train/${nfd}x/1.jpg 0\n`);
    picture("train", `${nfd}x`, "\u00e9.jpg");
    writeFileSync(at("train_list.txt"), `train/${nfd}x/e\u0301.jpg 0\n`);
    expect(failure(() => openDataset(root, "train")).hint).toMatch(
      /\\u\{e9\}\.jpg is there, which looks like e\\u\{301\}\.jpg/,
    );
  });

  test("classes are sorted by code point", () => {
    for (const name of ["\u{20bb7}", "\uf900", "a", "B"]) picture("train", name, "1.jpg");
    expect(openDataset(root, "train", { valFraction: 0 }).classes).toEqual(["B", "a", "\uf900", "\u{20bb7}"]);
  });
});

describe("lists", () => {
  test("take absolute paths as they are, and the names of classes.txt", () => {
    const one = picture("elsewhere", "1.jpg");
    picture("train", "2.jpg");
    writeFileSync(at("classes.txt"), "cat\ndog\n");
    writeFileSync(at("train_list.txt"), `${one} 1\n2.jpg 0\n`);
    const set = openDataset(root, "train", { valFraction: 0 });
    expect(set.classes).toEqual(["cat", "dog"]);
    expect(set.samples).toEqual([
      { path: one, label: 1 },
      { path: at("train", "2.jpg"), label: 0 },
    ]);
  });

  test("have labels of digits, one a picture, from 0 on", () => {
    for (const name of ["1.jpg", "2.jpg", "3.jpg"]) picture("train", name);
    writeFileSync(at("train_list.txt"), "1.jpg 0x1\n1.jpg 1e0\n1.jpg +1\n1.jpg 1\n2.jpg 2\n1.jpg 2\n3.jpg 2\n");
    const found = problems("train");
    expect(found.slice(0, 3).map((line) => line.match(/line \d+: "[^"]+"/)![0])).toEqual([
      'line 1: "1.jpg 0x1"',
      'line 2: "1.jpg 1e0"',
      'line 3: "1.jpg +1"',
    ]);
    expect(found[3]).toMatch(/line 6: \S*1\.jpg has label 2, and label 1 further up, expected one/);
    writeFileSync(at("train_list.txt"), "1.jpg 1\n2.jpg 2\n");
    expect(openDataset(root, "train", { valFraction: 0 }).notices!.join()).toMatch(
      /labels begin at 1, so class 0 is empty; where they count from 1, subtract 1/,
    );
    writeFileSync(at("classes.txt"), "cat\ndog\n");
    expect(failure(() => openDataset(root, "train")).hint).toMatch(/where these count from 1, subtract 1/);
  });

  test("name files that nothing here reads before the run", () => {
    picture("train", "1.jpg");
    picture("train", "2.bmp");
    writeFileSync(at("train_list.txt"), "1.jpg 0\n2.bmp 1\n");
    expect(failure(() => openDataset(root, "train")).message).toMatch(
      /line 2: \S*2\.bmp is a \.bmp, expected a JPEG or PNG picture\n {2}hint: convert \.bmp/,
    );
    writeFileSync(at("list.csv"), "path,label\ntrain/1.jpg,cat\ntrain/2.bmp,dog\n");
    expect(failure(() => openDataset(at("list.csv"), "train")).message).toMatch(/line 3: \S*2\.bmp is a \.bmp/);
  });
});

test("every file that is passed over is counted, by its ending, hidden, or in no class", () => {
  for (const name of ["a", "b"]) picture("train", name, "1.jpg");
  picture("train", "loose.jpg");
  for (const name of ["1.bmp", "2.ppm", "notes.txt", "more.txt", ".DS_Store"])
    writeFileSync(at("train", "a", name), "x");
  writeFileSync(at("train", "loose.cfg"), "x");
  expect(openDataset(root, "train", { valFraction: 0 }).notices!.map((line) => line.replace(root, ""))).toEqual([
    "/train: 6 files are no pictures and are left out: 2 .txt, 1 .bmp, 1 .cfg, 1 .ppm, 1 hidden; convert .bmp .ppm to JPEG or PNG",
    "/train: 1 picture lies in no class folder and is left out",
  ]);
});
