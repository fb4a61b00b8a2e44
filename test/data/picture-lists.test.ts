/** What the pictures of a set are, as lists: how much of them is read, what a difference is called, and what it costs when a list is lost. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../src/data/sets/dataset.js";
import { describeChanges, pictureChanges } from "../../src/data/sets/picture-changes.js";
import { contentsRuleOf, isContentsRule, pictureContents } from "../../src/data/sets/picture-contents.js";
import { decodePictureList, PictureList } from "../../src/data/sets/picture-list.js";
import { DataLists, expectSameData } from "../../src/train/checkpoints/data-check.js";

let root: string;
const SIZE = 20_000;
const bytesOf = (seed: number): Uint8Array => Uint8Array.from({ length: SIZE }, (_, i) => (i * (seed + 3)) >> 3);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "picture-lists-"));
  let seed = 0;
  for (const split of ["train", "val"])
    for (const name of ["cat", "dog"])
      for (const file of ["a.jpg", "b.jpg", "c.jpg"]) {
        const path = join(root, "pets", split, name, file);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, bytesOf(seed++));
      }
});
afterAll(() => rmSync(root, { recursive: true }));

/** A copy of the pictures, changed by `change`. */
function changed(name: string, change: (at: (...parts: string[]) => string) => void): string {
  const copy = join(root, name);
  cpSync(join(root, "pets"), copy, { recursive: true });
  change((...parts) => join(copy, ...parts));
  return copy;
}
const setsOf = (data: string) => [openDataset(data, "train"), openDataset(data, "val")];

const cases: readonly (readonly [what: string, change: Parameters<typeof changed>[1], said: string | null])[] = [
  ["the same elsewhere", () => {}, null],
  [
    "replaced by another of the same size",
    (at) => writeFileSync(at("train", "cat", "b.jpg"), bytesOf(99)),
    `train: of 6 pictures 1 replaced (${join("train", "cat", "b.jpg")})`,
  ],
  ["cut short", (at) => truncateSync(at("val", "dog", "c.jpg"), 10), "val: of 6 pictures 1 replaced (val/dog/c.jpg)"],
  [
    "renamed",
    (at) => renameSync(at("train", "dog", "a.jpg"), at("train", "dog", "z.jpg")),
    "train: of 6 pictures 1 renamed (train/dog/a.jpg to train/dog/z.jpg)",
  ],
  ["removed", (at) => rmSync(at("train", "dog", "a.jpg")), "train: of 6 pictures 1 removed (train/dog/a.jpg)"],
  [
    "added",
    (at) => writeFileSync(at("train", "dog", "new.jpg"), bytesOf(50)),
    "train: of 6 pictures 1 added (train/dog/new.jpg)",
  ],
  [
    "several",
    (at) => {
      for (const file of ["a.jpg", "b.jpg", "c.jpg"]) writeFileSync(at("train", "cat", file), bytesOf(60));
      writeFileSync(at("train", "dog", "a.jpg"), bytesOf(61));
      rmSync(at("val", "cat", "a.jpg"));
    },
    "train: of 6 pictures 4 replaced (train/cat/a.jpg, train/cat/b.jpg, train/cat/c.jpg, …); val: of 6 pictures 1 removed (val/cat/a.jpg)",
  ],
];

describe("the pictures of a run", () => {
  it.each(cases)("%s", async (what, change, said) => {
    const folder = join(root, `run ${what}`);
    mkdirSync(folder);
    const before = await DataLists.of(setsOf(join(root, "pets")));
    await before.writeInto(folder);
    const now = await DataLists.of(setsOf(changed(what, change)), before.fingerprint);
    const path = join(folder, "epoch_001.json");
    expect(await now.differenceFrom(before.fingerprint, path)).toBe(said);
    if (said === null) {
      expect(now.fingerprint).toEqual(before.fingerprint);
      return;
    }
    await expect(expectSameData(path, before.fingerprint, now, false)).rejects.toThrow(
      /epoch_001\.json: other data: (train|val): .*\n {2}hint: .*--allow-changed-data/,
    );
    expect(await expectSameData(path, before.fingerprint, now, true)).toBe(
      `other data: ${said}: the run goes on with it`,
    );
    // lists that are lost or damaged still tell that something changed
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), "?");
    expect(await now.differenceFrom(before.fingerprint, path)).toMatch(/pictures were 6.*cannot be unpacked/);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    expect(await now.differenceFrom(before.fingerprint, path)).toMatch(/pictures were 6.*is not there/);
  });

  it("are the same for a run that does not validate, and for a checkpoint that says nothing", async () => {
    const both = await DataLists.of(setsOf(join(root, "pets")));
    const [train] = setsOf(join(root, "pets"));
    expect(await (await DataLists.of([train!])).differenceFrom(both.fingerprint, "x.json")).toBeNull();
    expect(await expectSameData("x.json", undefined, both, false)).toBeNull();
  });

  it("of another class, and in another order", () => {
    const list = [0, 1, 2].map((i) => ({ name: `${i}.jpg`, label: i, content: `9 ${i}` }));
    const moved = pictureChanges(list, [{ ...list[0]!, label: 2 }, ...list.slice(1)]);
    expect(describeChanges(moved)).toBe("1 of another class (0.jpg)");
    expect(describeChanges(pictureChanges(list, list.toReversed()))).toBe("the same pictures in another order");
    expect(describeChanges(pictureChanges(list, list))).toBe("");
  });
});

describe("how much is read", () => {
  it("follows from the size of the set, and stays what it was in a run that goes on", async () => {
    const [train] = setsOf(join(root, "pets"));
    expect(contentsRuleOf(train!.samples)).toBe("whole");
    const many = new Array(100_001).fill(train!.samples[0]!);
    expect(contentsRuleOf(many)).toBe("middle/11");
    const shard = {
      path: "x.tar",
      entry: { name: "a", offset: 512, bytes: 1, stretch: { begin: 0, end: 1, hash: "ab" } },
    };
    expect(contentsRuleOf(new Array(100_001).fill(shard))).toBe("whole");
    expect(["whole", "middle", "middle/12", "all", "middle/0", "middle/x"].map(isContentsRule)).toEqual([
      ...[true, true, true],
      ...[false, false, false],
    ]);
    const list = await PictureList.of(train!, "middle");
    expect(list.info.contents).toBe("middle");
    expect(decodePictureList(list.encode(), list.info, "list")).toEqual(list.pictures);
  });

  it("the middle finds another picture of the same size; one of several is chosen by its name", async () => {
    const sources = openDataset(join(root, "pets"), "all").samples;
    const names = new Map(sources.map((source, i) => [source, `picture ${i}`]));
    const nameOf = (source: (typeof sources)[number]) => names.get(source)!;
    const middles = await pictureContents(sources, "middle", nameOf);
    expect(new Set(middles).size).toBe(sources.length);
    const some = await pictureContents(sources, "middle/3", nameOf);
    const chosen = some.filter((content) => content !== null).length;
    expect(chosen).toBeGreaterThan(0);
    expect(chosen).toBeLessThan(sources.length);
    for (const [i, content] of some.entries()) expect([null, middles[i]]).toContain(content);
    expect(await pictureContents([{ path: join(root, "none.jpg") }], "whole", () => "none.jpg")).toEqual([
      "unreadable",
    ]);
  });
});
