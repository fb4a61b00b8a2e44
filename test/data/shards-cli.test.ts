/**
 * `prepare` and `verify-dataset` as their users call them, and `train` and `eval` on what they made.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tensorone } from "../cli/spawn.js";
import { fixtureUrl } from "./fixtures.js";

let folder: string;
const put = (picture: string, to: string) => {
  const path = join(folder, to);
  mkdirSync(join(path, ".."), { recursive: true });
  copyFileSync(fixtureUrl(`images/${picture}`), path);
};
const run = (...args: string[]) => tensorone(args, folder);
const json = (...args: string[]) => {
  const { code, stdout, stderr } = run(...args, "--json");
  return { code, stderr, json: JSON.parse(stdout) as Record<string, unknown> };
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "shards-cli-"));
  for (const split of ["train", "val"])
    for (const name of ["cat", "dog"])
      for (const picture of ["s420.jpg", "s444.jpg"]) put(picture, `pets/${split}/${name}/${picture}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("prepare", () => {
  test("makes shards that train and eval take as --data, with the same result", () => {
    const made = json("prepare", "pets", "shards", "--shard-images", "3", "--workers", "1");
    expect(made.code).toBe(0);
    expect(made.json).toMatchObject({ classes: 2, resized: null, shardsKept: 0, shardsMade: 4 });
    expect(made.json).toMatchObject({ splits: { train: { images: 4, shards: 2 }, val: { images: 4, shards: 2 } } });
    const again = json("prepare", "pets", "shards", "--shard-images", "3");
    expect(again.json).toMatchObject({ shardsKept: 4, shardsMade: 0 });

    const quick = ["--max-steps", "1", "--batch-size", "2", "--image-size", "32", "--threads", "1", "--no-validate"];
    const trained = run("train", "--data", "shards", "--out", "run", ...quick, "--decoder", "libjpeg-turbo");
    expect(trained).toMatchObject({ code: 0, stderr: "" });
    expect(trained.stdout).toMatch(/data shards: 4 train images of 2 classes, decoder libjpeg-turbo/);
    expect(trained.stdout).toMatch(/\ndecoding: [\d,.]+ img\/s for each data thread\n/);
    const evaluate = (data: string) =>
      json("eval", "--checkpoint", "run/model-deploy.safetensors", "--data", data, "--decoder", "sharp");
    const [ofShards, ofFolder] = [evaluate("shards"), evaluate("pets")];
    expect(ofShards.json).toMatchObject({ images: 4, top1: ofFolder.json.top1, loss: ofFolder.json.loss });
    expect(ofShards.json).toMatchObject({ decoding: { images: 4 } });
    expect(ofShards.stderr).toMatch(/decoder sharp/);
  });

  test("says what is wrong before it writes", () => {
    expect(run("prepare", "pets", "./pets/")).toMatchObject({ code: 2 });
    expect(run("prepare", "nowhere", "out").stderr).toMatch(/no folder nowhere/);
    expect(run("prepare", "pets").code).toBe(2);
    expect(run("prepare", "pets", "out", "--decoder", "libjpeg").stderr).toMatch(/did you mean libjpeg-turbo\?|one of/);
    expect(readdirSync(folder)).not.toContain("out");
  });
});

describe("verify-dataset", () => {
  test("finds nothing wrong with a good data set, folder or shards", () => {
    for (const data of ["pets", "shards"]) {
      const { code, json: report } = json("verify-dataset", data, "--workers", "1");
      expect({ code, report }).toMatchObject({ code: 0, report: { problems: [], oddities: [] } });
      expect(report).toMatchObject({ splits: { train: { images: 4, perClass: { cat: 2, dog: 2 } } } });
    }
  });

  test("lists unreadable, refused and odd files, empty and lonely classes, and fails", () => {
    const copy = (split: string, name: string, picture: string) => put(picture, `odd/${split}/${name}/${picture}`);
    for (const picture of ["s420.jpg", "grey.jpg", "cmyk.jpg", "exif6.jpg", "png-named.jpeg"])
      copy("train", "cat", picture);
    copy("val", "cat", "s420.jpg");
    copy("train", "dog", "s420.jpg");
    copy("val", "mouse", "s420.jpg");
    mkdirSync(join(folder, "odd/train/empty"));
    writeFileSync(join(folder, "odd/train/cat/page.jpg"), "<html>");
    writeFileSync(join(folder, "odd/train/cat/none.jpg"), "");
    put("s444.jpg", "odd/train/cat/torn.jpg");
    truncateSync(join(folder, "odd/train/cat/torn.jpg"), 300);
    const { code, json: report, stderr } = json("verify-dataset", "odd", "--workers", "2");
    expect(code).toBe(1);
    const problems = (report.problems as string[]).join("\n");
    for (const expected of [
      /class empty in .* no pictures/,
      /class mouse in .* not among the 3 classes/,
      /none\.jpg: an empty file/,
      /page\.jpg: neither a JPEG nor a PNG/,
      /torn\.jpg: /,
    ])
      expect(problems).toMatch(expected);
    expect(report.problems).toHaveLength(5);
    const warnings = (report.warnings as string[]).join("\n");
    for (const expected of [
      /1 class has no picture to train on: empty/,
      /1 class has one picture to train on: dog/,
      /1 class has no validation picture: dog/,
      /1 picture is in train and in val, .*odd\/train\/cat\/s420\.jpg = .*odd\/val\/cat\/s420\.jpg/,
      /1 picture has two classes: .*cat\/s420\.jpg = .*dog\/s420\.jpg/,
    ])
      expect(warnings).toMatch(expected);
    expect(report.warnings).toHaveLength(5);
    const oddities = (report.oddities as { path: string; what: string }[]).map(({ what }) => what).sort();
    expect(oddities).toEqual(["EXIF orientation 6", "PNG named .jpeg", "grey", "in ink colours (CMYK or YCCK)"]);
    expect(report).toMatchObject({ splits: { train: { perClass: { cat: 8, dog: 1, empty: 0 } } } });
    expect(stderr).toMatch(/5 things are wrong/);
    expect(stderr).toMatch(/val: 1 pictures in 3 classes/);
  });

  test("names a damaged shard, and a picture inside one", () => {
    run("prepare", "pets", "damaged");
    const tar = join(folder, "damaged", "val-000000.tar");
    const bytes = readFileSync(tar);
    bytes.fill(0, 512, 900);
    writeFileSync(tar, bytes);
    truncateSync(join(folder, "damaged", "train-000000.tar"), 2048);
    const { code, json: report } = json("verify-dataset", "damaged");
    expect(code).toBe(1);
    expect((report.problems as string[]).join("\n")).toMatch(
      /train-000000\.tar: 2048 bytes.*\n(?:.*\n)*.*val-000000\.tar\(cat\/s420\.jpg\): bytes 0 to \d+ of the tar file do not match their hash/,
    );
  });
});
