/** Data sets as people have them: where the pictures of a split are found, and what is said of it. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { prepareShards } from "../../src/data/prepare.js";
import { namesWithin, openDataset } from "../../src/data/sets/dataset.js";
import { lonelyClasses, repeatedPictures } from "../../src/data/sets/survey.js";
import { DataError } from "../../src/util/errors.js";
import { fixtureUrl } from "./fixtures.js";

const photos = fileURLToPath(fixtureUrl("photos"));
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "layouts-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text = path): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
/** Pictures by name and class, sorted. */
function shown(data: string | string[], split: string, options = {}) {
  const of = (one: string) => join(root, one);
  const set = openDataset(typeof data === "string" ? of(data) : data.map(of), split, options);
  expect(set.length).toBe(set.samples.length);
  const nameOf = namesWithin(set);
  return set.samples.map((sample) => `${nameOf(sample)} ${set.classes[sample.label]}`);
}
const noticesOf = (data: string | string[], split: string, options = {}) =>
  openDataset(
    typeof data === "string" ? join(root, data) : data.map((one) => join(root, one)),
    split,
    options,
  ).notices!.map((line) => line.replaceAll(`${root}/`, ""));

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return (error as DataError).message.replaceAll(`${root}/`, "");
  }
  throw new Error("nothing was thrown");
}

describe("validation pictures", () => {
  test.each(["val", "valid", "validation", "test"])("in %s/", (name) => {
    for (const file of ["train/cat/1.jpg", "train/dog/1.jpg", `${name}/dog/2.jpg`]) write(`pets/${file}`);
    expect(shown("pets", "val")).toEqual([`${name}/dog/2.jpg dog`]);
    expect(shown("pets", "train")).toHaveLength(2);
    expect(shown("pets", "all")).toHaveLength(3);
    expect(noticesOf("pets", "val")).toEqual(name === "val" ? [] : [`pets: validation pictures are those of ${name}/`]);
    expect(errorOf(() => shown("pets", "val", { valFraction: 0.1 }))).toMatch(
      /it has validation pictures of its own, expected none beside --val-fraction 0.1\n.*DIR\/train/,
    );
  });

  test("the first of several is taken, and the others stay reachable; test/ without classes is none", () => {
    for (const file of ["train/cat/1.jpg", "valid/cat/2.jpg", "test/cat/3.jpg"]) write(`pets/${file}`);
    expect(noticesOf("pets", "val")).toEqual(["pets: validation pictures are those of valid/, not test/"]);
    expect(shown("pets", "test")).toEqual(["test/cat/3.jpg cat"]);
    for (const file of ["train/cat/1.jpg", "train/cat/2.jpg", "test/1.jpg"]) write(`kaggle/${file}`);
    expect(shown("kaggle", "val")).toHaveLength(1);
    expect(noticesOf("kaggle", "val")).toEqual([expect.stringMatching(/kaggle: no validation pictures of its own/)]);
  });

  test("lists are called as folders are, and classes.txt names their labels", () => {
    for (const file of ["a.jpg", "b.jpg", "c.jpg"]) write(`pets/${file}`);
    write("pets/train_list.txt", "a.jpg 1\nb.jpg 0\n");
    write("pets/valid_list.txt", "c.jpg 1\n");
    expect(shown("pets", "val")).toEqual(["c.jpg 1"]);
    write("pets/classes.txt", "\ufeffdog\r\ncat\r\n");
    expect(shown("pets", "train")).toEqual(["a.jpg cat", "b.jpg dog"]);
    expect(shown("pets", "val")).toEqual(["c.jpg cat"]);
    write("pets/meta/classes.txt", "eel\nant\nbee\n");
    expect(openDataset(join(root, "pets"), "train").classes).toEqual(["eel", "ant", "bee"]);
    expect(errorOf(() => shown("pets", "train", { numClasses: 2 }))).toMatch(/meta\/classes\.txt has 3 classes/);
    write("pets/meta/classes.txt", "eel\nant\neel\n");
    expect(errorOf(() => shown("pets", "train"))).toMatch(/"eel" twice, expected a class name a line\n.*label 0/);
    write("pets/meta/classes.txt", "eel\n");
    expect(errorOf(() => shown("pets", "train"))).toMatch(/line 1: label 1, expected 0 to 0/);
  });
});

describe("class folders alone", () => {
  test("are split by content, as is said", () => {
    cpSync(photos, join(root, "photos"), { recursive: true });
    const [train, val] = ["train", "val"].map((split) => openDataset(join(root, "photos"), split));
    expect(train!.classes).toEqual(["cat", "coffee", "eye", "person", "rocket"]);
    expect(train!.length + val!.length).toBe(40);
    expect(new Set(val!.samples.map(({ label }) => label)).size).toBe(5);
    const held = val!.length;
    expect(noticesOf("photos", "train")).toEqual([
      "photos: class folders without train/ around them",
      "photos: 1 file is no picture and is left out: 1 .py",
      `photos: no validation pictures of its own, so ${held} of its 40, chosen by their content, are held out (--val-fraction 0.2)`,
    ]);
    expect(shown("photos", "train", { valFraction: 0 })).toHaveLength(40);
    expect(shown("photos", "all")).toHaveLength(40);
    expect(shown("photos", "val", { valFraction: 0.5 }).length).toBeGreaterThan(held);
  });

  test("under names of splits, or one alone, are no classes", () => {
    for (const file of ["Train/cat/1.jpg", "Test/cat/2.jpg"]) write(`pets/${file}`);
    expect(errorOf(() => shown("pets", "train"))).toMatch(/pets has a folder Test, expected train\/.*\n.*rename/);
    for (const file of ["images/cat/1.jpg", "images/dog/2.jpg"]) write(`birds/${file}`);
    expect(errorOf(() => shown("birds", "train"))).toMatch(
      /a single class folder, images, expected at least two\n.*where the classes are the folders below it: birds\/images/,
    );
  });

  test("a set without two different pictures of a class cannot be split", () => {
    for (const name of ["cat", "dog"]) write(`pets/${name}/1.jpg`, name);
    write("pets/cat/2.jpg", "cat");
    expect(errorOf(() => shown("pets", "val"))).toMatch(/no class has two different pictures.*\n.*--no-validate/);
  });
});

describe("files that are no pictures", () => {
  test("are counted by ending, with what would make pictures of them", () => {
    for (const file of ["cat/1.jpg", "cat/notes.txt", "cat/more/a.TXT", "dog/1.jpg", "dog/b.bmp", "dog/README"])
      write(`pets/train/${file}`);
    expect(noticesOf("pets", "train", { valFraction: 0 })).toEqual([
      "pets/train: 4 files are no pictures and are left out: 2 .txt, 1 without ending, 1 .bmp; convert .bmp to JPEG or PNG",
    ]);
    write("pets/train/eel/1.heic");
    expect(errorOf(() => shown("pets", "train"))).toMatch(
      /class eel in .*train has no pictures \(it holds 1 \.heic\), expected at least one\n.*convert \.heic/,
    );
  });

  test("names cannot command a terminal", () => {
    for (const name of ["cat", "dog"]) write(`pets/${name}/1.jpg`, name);
    write("pets/cat/x.\u001b[31mred");
    write("pets/cat/2.jpg");
    expect(noticesOf("pets", "train")[1]).toContain("1 .\\x1b[31mred");
  });
});

describe("CSV files", () => {
  beforeEach(() => {
    for (const file of ["a.jpg", "b, c.jpg", 'd "e".jpg', "sub/f.jpg"]) write(file);
  });

  test("with names, quotes, other columns and a split", () => {
    write(
      "pets.csv",
      '\ufeffid,Path,label,split\r\n1,a.jpg,cat,train\r\n2,"b, c.jpg",dog,train\r\n\r\n3,"d ""e"".jpg","cat",valid\r\n4,sub/f.jpg,dog,test\r\n',
    );
    expect(shown("pets.csv", "train")).toEqual(["a.jpg cat", "b, c.jpg dog"]);
    expect(shown("pets.csv", "val")).toEqual(['d "e".jpg cat']);
    expect(shown("pets.csv", "test")).toEqual(["sub/f.jpg dog"]);
    expect(noticesOf("pets.csv", "val")).toEqual(["pets.csv: validation pictures are those of split valid"]);
  });

  test("with numbers, which a classes.txt names; without a split some are held out", () => {
    write("pets.csv", 'label,path\n2,a.jpg\n0,sub/f.jpg\n2,"b, c.jpg"');
    expect(openDataset(join(root, "pets.csv"), "all")).toMatchObject({
      classes: ["0", "1", "2"],
      areClassesNamed: false,
    });
    write("classes.txt", "ant\nbee\ncat\n");
    expect(shown("pets.csv", "all")).toEqual(["a.jpg cat", "sub/f.jpg ant", "b, c.jpg cat"]);
    expect(shown("pets.csv", "train").length + shown("pets.csv", "val").length).toBe(3);
  });

  test.each([
    ["path,class\na.jpg,cat\n", /line 1: columns path, class, expected path and label/],
    ["", /line 1: columns none/],
    ["path,label\na.jpg\n", /line 2: 1 fields, expected 2/],
    ["path,label\na.jpg,cat\nb, c.jpg,dog\n", /line 3: 3 fields, expected 2 as in the first line\n.*double quotes/],
    ["path,label\na.jpg,\n", /line 2: an empty label/],
    ['path,label\n"a.jpg,cat\n', /line 2: a quote that does not end its field/],
    ["path,label\na.jpg,cat\ngone.jpg,cat\n", /line 3: no file gone\.jpg, expected every listed picture to exist/],
    ["path,label,split\na.jpg,cat,\n", /line 2: an empty split/],
    ["path,label,split\na.jpg,cat,dev\n", /no pictures of split train, expected at least one\n.*dev/],
  ])("%j is refused", (text, message) => {
    write("pets.csv", text);
    expect(errorOf(() => shown("pets.csv", "train", { valFraction: 0 }))).toMatch(message);
  });
});

describe("several data sets", () => {
  beforeEach(() => {
    for (const file of ["train/cat/1.jpg", "train/dog/1.jpg", "val/cat/2.jpg"]) write(`pets/${file}`);
    for (const file of ["cat/3.jpg", "cat/4.jpg", "Dog/5.jpg", "Dog/6.jpg", "ant/7.jpg", "ant/8.jpg"])
      write(`more/${file}`);
    write("extra/9.jpg");
    write("extra/list.csv", "path,label,split\n9.jpg,eel,train\n");
  });

  test("are joined by the names of their classes, whatever form each has", () => {
    const all = ["pets", "more", "extra/list.csv"];
    expect(
      openDataset(
        all.map((one) => join(root, one)),
        "train",
      ).classes,
    ).toEqual(["Dog", "ant", "cat", "dog", "eel"]);
    const [train, val] = [shown(all, "train"), shown(all, "val")];
    expect([...train, ...val].sort()).toEqual(
      ["3.jpg cat", "4.jpg cat", "5.jpg Dog", "6.jpg Dog", "7.jpg ant", "8.jpg ant"]
        .map((line) => `${line.split(" ")[1]}/${line}`)
        .concat("train/cat/1.jpg cat", "train/dog/1.jpg dog", "val/cat/2.jpg cat", "9.jpg eel")
        .sort(),
    );
    // each class of the set that marks none has one on either side
    expect(val.filter((line) => /[3-8]\.jpg/.test(line))).toHaveLength(3);
    expect(noticesOf(all, "train")).toEqual(
      expect.arrayContaining([
        "pets has no classes Dog, ant, eel",
        "more has no classes dog, eel",
        "classes Dog and dog count as different ones: rename a folder if they are one",
      ]),
    );
    expect(errorOf(() => shown(all, "train", { numClasses: 3 }))).toMatch(/5 classes, the model expects 3/);
  });

  test("names and numbers do not go together", () => {
    write("list/train_list.txt", "x.jpg 0\n");
    write("list/x.jpg");
    write("list/val_list.txt", "x.jpg 0\n");
    expect(errorOf(() => shown(["pets", "list"], "train"))).toMatch(
      /list: its labels are numbers, .*pets has named classes, expected names in both\n.*classes\.txt/,
    );
  });

  test("become shards, with the same pictures and classes on the same sides", async () => {
    const sources = [join(root, "photos"), join(root, "strays.csv")];
    cpSync(photos, sources[0]!, { recursive: true });
    write(
      "strays.csv",
      `path,label\n${readdirSync(join(photos, "cat"))
        .map((name) => `photos/cat/${name},stray`)
        .join("\n")}`,
    );
    const out = join(root, "shards");
    const { index } = await prepareShards({ data: sources, out, shardImages: 100, format: "png", workers: 0 });
    expect(index.classes).toEqual(["cat", "coffee", "eye", "person", "rocket", "stray"]);
    for (const split of ["train", "val"]) {
      const [source, shards] = [openDataset(sources, split), openDataset(out, split)];
      expect(shards.samples.map(({ label }) => label)).toEqual(source.samples.map(({ label }) => label));
      expect(shards.length).toBeGreaterThan(5);
    }
  });
});

describe("before a run", () => {
  test("lonely classes and pictures that are there twice are named, by their bytes", () => {
    const set = (files: readonly (readonly [string, number])[]) => {
      for (const [path] of files) write(path, path.replace(/.*-/, ""));
      return {
        classes: ["ant", "bee", "cat", "dog"],
        samples: files.map(([path, label]) => ({ path: join(root, path), label })),
      };
    };
    const train = set([
      ["t/1-x", 0],
      ["t/2-y", 0],
      ["t/3-z", 1],
      ["t/4-y", 2],
      ["t/5-ww", 2],
    ]);
    const val = set([
      ["v/1-x", 0],
      ["v/2-v", 2],
    ]);
    expect(lonelyClasses(train, val)).toEqual([
      "1 class has no picture to train on: dog",
      "1 class has one picture to train on: bee",
      "1 class has no validation picture: bee",
    ]);
    expect(lonelyClasses(train, null)).toHaveLength(2);
    expect(repeatedPictures(train, val, ({ path }) => path.slice(root.length + 1))).toEqual([
      "1 picture is in train and in val, which flatters validation: t/1-x = v/1-x",
      "1 picture has two classes: t/2-y = t/4-y",
    ]);
  });
});
