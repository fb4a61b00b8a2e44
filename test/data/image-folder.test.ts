import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ImageFolder } from "../../src/data/image-folder.js";
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
