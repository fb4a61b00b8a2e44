import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DataLoader } from "../../src/data/reading/loader.js";
import { ImageFolder } from "../../src/data/sets/image-folder.js";
import { evalTransform } from "../../src/data/transforms/index.js";
import { DataError } from "../../src/util/errors.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "image-folder-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text = ""): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
/** Opens and gives paths relative to the root, with their labels. */
function open(split: string, options?: { numClasses: number }): { classes: readonly string[]; samples: string[] } {
  const folder = ImageFolder.open(root, split, options);
  expect(folder.length).toBe(folder.samples.length);
  return {
    classes: folder.classes,
    samples: folder.samples.map(({ path, label }) => `${path.slice(root.length + 1)} ${label}`),
  };
}
function errorOf(split: string, options?: { numClasses: number }): DataError {
  try {
    open(split, options);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).summary).not.toContain("\n");
    return error as DataError;
  }
  throw new Error("nothing was thrown");
}

describe("class folders", () => {
  test("sorted classes, sorted files, recursive, any case, nothing hidden", () => {
    for (const file of ["b/2.JPEG", "b/10.jpg", "a/sub/1.PNG", "a/z.jpeg", "a/notes.txt", "a/._z.jpeg", ".git/x.jpg"]) {
      write(`train/${file}`);
    }
    expect(open("train")).toEqual({
      classes: ["a", "b"],
      samples: ["train/a/sub/1.PNG 0", "train/a/z.jpeg 0", "train/b/10.jpg 1", "train/b/2.JPEG 1"],
    });
  });

  test("classes and files go by code point, as Python sorts", () => {
    const [above, below] = ["\u{20bb7}", "\u{f900}"];
    for (const name of [above, below]) for (const file of [above, below]) write(`train/${name}/${file}.jpg`);
    expect(open("train")).toEqual({
      classes: [below, above],
      samples: [below, above].flatMap((name, label) =>
        [below, above].map((file) => `train/${name}/${file}.jpg ${label}`),
      ),
    });
  });

  test("val takes its labels from train", () => {
    for (const file of ["train/a/1.jpg", "train/b/1.jpg", "train/c/1.jpg", "val/c/1.jpg"]) write(file);
    expect(open("val")).toEqual({ classes: ["a", "b", "c"], samples: ["val/c/1.jpg 2"] });
    write("val/d/1.jpg");
    expect(errorOf("val").summary).toMatch(/class d .* 3 classes/);
  });

  test("what can be wrong, with a hint each", () => {
    write("train/a/1.jpg");
    write("train/b/readme.txt");
    expect(errorOf("val").summary).toMatch(/no folder val .*train/);
    expect(errorOf("train").summary).toMatch(/class b .* no pictures/);
    write("train/b/1.jpg");
    expect(errorOf("train", { numClasses: 1000 }).summary).toMatch(/2 classes, the model expects 1000/);
    mkdirSync(join(root, "empty"));
    const empty = errorOf("empty");
    expect(empty.summary).toMatch(/no class folders/);
    expect(empty.hint).toMatch(/train_list\.txt/);
    expect(() => ImageFolder.open(join(root, "nowhere"), "train")).toThrow(/no folder .*nowhere/);
  });
});

describe("hostile folders", () => {
  beforeEach(() => {
    write("train/a/1.jpg");
  });

  test("a link to itself, to nothing, or to a folder that contains it is no class", () => {
    const link = join(root, "train", "loop");
    for (const [target, message] of [
      [link, /loop is a link that leads nowhere/],
      [join(root, "gone"), /loop is a link that leads nowhere/],
      [root, /loop is a link to a folder that contains it/],
      [join(root, "train"), /loop is a link to a folder that contains it/],
    ] as const) {
      symlinkSync(target, link);
      expect(errorOf("train").summary).toMatch(message);
      rmSync(link);
    }
    write("elsewhere/2.jpg");
    symlinkSync(join(root, "elsewhere"), link);
    expect(open("train")).toEqual({ classes: ["a", "loop"], samples: ["train/a/1.jpg 0", "train/loop/2.jpg 1"] });
  });

  test("a link to a folder inside a class is not followed, a folder named like a picture is", () => {
    symlinkSync(join(root, "train"), join(root, "train", "a", "round"));
    write("train/a/folder.jpg/2.jpg");
    expect(open("train").samples).toEqual(["train/a/1.jpg 0", "train/a/folder.jpg/2.jpg 0"]);
  });

  test.each([0, 1])("pictures that are no files end the epoch with their name, %i workers", async (workers) => {
    const transform = evalTransform({ imageSize: 8 });
    const read = (name: string) => {
      const sample = { path: join(root, "train", "a", name), label: 0 };
      return new DataLoader({ samples: [sample] }, { batchSize: 1, transform, workers }).epoch(0).next();
    };
    mkdirSync(join(root, "train/a/folder.jpg"));
    symlinkSync(join(root, "train"), join(root, "train/a/linked.jpg"));
    symlinkSync(join(root, "train/a/loop.jpg"), join(root, "train/a/loop.jpg"));
    symlinkSync(join(root, "gone"), join(root, "train/a/gone.jpg"));
    execFileSync("mkfifo", [join(root, "train/a/pipe.jpg")]);
    await expect(read("folder.jpg")).rejects.toThrow(/folder\.jpg: cannot be read \(it is a folder\)/);
    await expect(read("linked.jpg")).rejects.toThrow(/linked\.jpg: cannot be read \(it is a folder\)/);
    await expect(read("loop.jpg")).rejects.toThrow(/loop\.jpg: cannot be read \(ELOOP/);
    await expect(read("gone.jpg")).rejects.toThrow(/gone\.jpg: cannot be read \(ENOENT/);
    await expect(read("pipe.jpg")).rejects.toThrow(/pipe\.jpg: cannot be read \(it is a pipe/);
    await expect(read("1.jpg")).rejects.toThrow(/1\.jpg: an empty file/);
  });

  test("a survey reports everything and leaves it out", () => {
    write("train/b/readme.txt");
    symlinkSync(join(root, "gone"), join(root, "train", "c"));
    write("val/a/1.jpg");
    write("val/x/1.jpg");
    const problems: string[] = [];
    const survey = (split: string) => ImageFolder.survey(root, split, ({ summary }) => problems.push(summary));
    expect(survey("train").samples.length).toBe(1);
    expect(survey("val").samples.length).toBe(1);
    expect(survey("test").samples).toEqual([]);
    expect(problems).toHaveLength(4);
    expect(problems.join("\n")).toMatch(/c is a link.*\n.*class b .* no pictures.*\n.*class x .*\n.*no folder test/);
  });
});

describe("list files", () => {
  beforeEach(() => {
    for (const file of ["train/a/1.jpg", "train/b/my cat 2.jpg", "val/a/3.jpg", "val/flat 4.jpg"]) write(file);
  });

  test.each([
    ["train_list.txt", "b/my cat 2.jpg 1\na/1.jpg 0\n"],
    ["train_list.txt", "train/b/my cat 2.jpg 1\r\ntrain/a/1.jpg 0\r\n"],
    ["meta/train.txt", "b/my cat 2.jpg 1\n\na/1.jpg 0"],
  ])("%s with %j", (file, text) => {
    write(file, text);
    expect(open("train")).toEqual({ classes: ["a", "b"], samples: ["train/b/my cat 2.jpg 1", "train/a/1.jpg 0"] });
  });

  test("flat val, also where there are no class folders", () => {
    write("meta/val.txt", "flat 4.jpg 1\n");
    expect(open("val")).toEqual({ classes: ["a", "b"], samples: ["val/flat 4.jpg 1"] });
    rmSync(join(root, "train"), { recursive: true });
    expect(open("val").classes).toEqual(["0", "1"]);
    expect(open("val", { numClasses: 1000 }).classes.length).toBe(1000);
  });

  test("wrong lines are named", () => {
    write("train_list.txt", "a/1.jpg 0\n\na/gone.jpg 0\n");
    expect(errorOf("train").summary).toMatch(/train_list\.txt, line 3: no file .*gone\.jpg/);
    write("train_list.txt", "a/1.jpg 0\na/1.jpg 2\n");
    expect(errorOf("train").summary).toMatch(/line 2: label 2, expected 0 to 1/);
    write("train_list.txt", "a/1.jpg zero\n");
    expect(errorOf("train").summary).toMatch(/line 1: "a\/1\.jpg zero"/);
    write("train_list.txt", "\n");
    expect(errorOf("train").summary).toMatch(/no samples/);
    write("train_list.txt", "a/1.jpg 0\n");
    expect(errorOf("train", { numClasses: 10 }).summary).toMatch(/2 classes, the model expects 10/);
  });
});
