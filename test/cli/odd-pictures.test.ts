/**
 * A folder as people have them: class folders alone, with three broken pictures, a WebP, one file in two classes and twice, a class
 * of one picture, and notes between them: what is printed, and whether it goes on.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot, tensorone } from "./spawn.js";

const golden = join(packageRoot, "test", "golden", "data");
let folder = "";
const run = (line: string) => tensorone(line.split(" "), folder);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-odd-"));
  const at = (...parts: string[]) => join(folder, "odd", ...parts);
  const photo = (...parts: string[]) => join(golden, "photos", ...parts);
  for (const name of ["cat", "coffee", "rocket"]) {
    cpSync(photo(name), at("train", name), { recursive: true });
    mkdirSync(at("valid", name), { recursive: true });
    for (const i of [6, 7]) {
      cpSync(photo(name, `${i}.jpg`), at("valid", name, `${i}.jpg`));
      rmSync(at("train", name, `${i}.jpg`));
    }
  }
  // one file in both splits
  cpSync(photo("cat", "6.jpg"), at("train", "cat", "again.jpg"));
  // a class of one picture
  mkdirSync(at("train", "eye"));
  cpSync(photo("eye", "0.jpg"), at("train", "eye", "0.jpg"));
  // three broken pictures, two of them in train
  cpSync(join(golden, "images", "bad-header-only.jpg"), at("train", "coffee", "torn.jpg"));
  cpSync(join(golden, "images", "bad-text.jpg"), at("train", "rocket", "page.jpg"));
  cpSync(join(golden, "images", "bad-empty.jpg"), at("valid", "cat", "empty.jpg"));
  const { default: sharp } = await import("sharp");
  writeFileSync(
    at("train", "cat", "new.webp"),
    await sharp(readFileSync(photo("cat", "7.jpg")))
      .webp()
      .toBuffer(),
  );
  writeFileSync(at("train", "cat", "notes.txt"), "a good cat");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const notices = [
  /^odd: validation pictures are those of valid\/$/m,
  /^odd\/train: 1 file is no picture and is left out: 1 \.txt$/m,
  /^1 class has one picture to train on: eye$/m,
  /^1 class has no validation picture: eye$/m,
  /^1 picture is in train and in val, which flatters validation: odd\/train\/cat\/again\.jpg = odd\/valid\/cat\/6\.jpg$/m,
];
const training = "train --data odd --epochs 2 --batch-size 8 --image-size 32 --threads 1 --no-report";

test("verify-dataset says everything in one go, with counts, and fails for the broken ones alone", () => {
  const { code, stdout } = run("verify-dataset odd --workers 1");
  expect(code).toBe(1);
  for (const line of notices) expect(stdout).toMatch(new RegExp(line.source.replace("^", "^ {2}"), "m"));
  expect(stdout).toMatch(/train: 23 pictures in 4 classes, 1 to 8 of each/);
  expect(stdout).toMatch(/val: 7 pictures in 4 classes, 0 to 3 of each/);
  expect(stdout).toMatch(
    /3 things are wrong:\n {2}\S*torn\.jpg: .*\n {2}\S*page\.jpg: .*\n {2}\S*empty\.jpg: an empty file/,
  );
});

test("train names the odd things, and stops at a broken picture with one line and what helps", () => {
  const { code, stdout, stderr } = run(`${training} --out stopped --workers 0`);
  expect(code).toBe(1);
  for (const line of notices) expect(stdout).toMatch(new RegExp(line.source.slice(1, -1)));
  expect(stderr).toMatch(
    /^error: \S*odd\/train\/(coffee\/torn|rocket\/page)\.jpg: [^\n]*\n {2}hint: [^\n]*--on-bad-picture skip[^\n]*\n$/,
  );
});

test("with --on-bad-picture skip it goes on, names and counts them, and resumes to the same bytes", () => {
  const whole = run(`${training} --out whole --workers 1 --on-bad-picture skip --balanced-sampling`);
  expect(whole.code, whole.stderr).toBe(0);
  for (const name of ["torn", "page"])
    expect(whole.stdout.match(new RegExp(`${name}\\.jpg: .*: the next picture takes its place`, "g"))).toHaveLength(1);
  expect(whole.stdout).toMatch(/empty\.jpg: an empty file.*: left out of validation/);
  expect(whole.stdout).toMatch(/3 pictures could not be read and were passed over; verify-dataset lists all of them/);
  expect(whole.stdout).toMatch(/on 6 images/);
  const evaluated = run("eval --checkpoint whole --data odd --on-bad-picture skip --threads 1");
  expect([evaluated.code, evaluated.stdout]).toEqual([
    0,
    expect.stringMatching(/empty\.jpg: an empty file.*: left out/),
  ]);
  expect(run("eval --checkpoint whole --data odd --threads 1").stderr).toMatch(/empty\.jpg: an empty file/);
  const part = run(`${training} --out part --workers 0 --max-steps 1 --on-bad-picture skip --balanced-sampling`);
  expect(part.code, part.stderr).toBe(0);
  expect(run("train --resume part --threads 1 --workers 0 --no-report").code).toBe(0);
  const models = ["whole", "part"].map((out) => readFileSync(join(folder, out, "model.safetensors"), "base64"));
  expect(models[0] === models[1]).toBe(true);
});

test("class folders alone, several at once, a split of one's own: train, eval and the lines that are to be pasted agree", () => {
  cpSync(join(golden, "photos"), join(folder, "photos"), { recursive: true });
  writeFileSync(join(folder, "more.csv"), "path,label\nodd/valid/cat/7.jpg,stray\nodd/valid/rocket/7.jpg,stray\n");
  const data = "--data photos --data more.csv --val-fraction 0.3";
  const trained = run(
    `train ${data} --epochs 1 --batch-size 8 --image-size 32 --threads 1 --workers 0 --out mine --no-report`,
  );
  expect(trained.code, trained.stderr).toBe(0);
  expect(trained.stdout).toMatch(/photos, more\.csv: no validation pictures of its own, so \d+ of its 42/);
  expect(trained.stdout).toMatch(/photos has no class stray/);
  expect(trained.stdout).toMatch(/2 pictures have two classes/);
  const [, images] = trained.stdout.match(/validation: .* on (\d+) images/)!;
  const command =
    trained.stdout.match(/tensorone (eval --checkpoint .*)$/m) ?? trained.stdout.match(/main\.js (eval .*)$/m);
  expect(command![1]).toContain(data);
  const evaluated = tensorone([...command![1]!.split(" "), "--threads", "1"], folder);
  expect([evaluated.code, evaluated.stdout]).toEqual([
    0,
    expect.stringMatching(new RegExp(`: ${images} images of val`)),
  ]);
  const both = run(`train ${data} --no-validate --out none`);
  expect([both.code, both.stderr]).toEqual([
    2,
    expect.stringMatching(/--val-fraction 0\.3 and --no-validate, expected one/),
  ]);
  expect(run("train --data gone.csv --out none").stderr).toMatch(
    /gone\.csv: there is no such file, expected a CSV file/,
  );
  expect(run("eval --checkpoint mine --data photos --data more.csv --split all --threads 1").stdout).toMatch(
    /: 42 images of all/,
  );
});
