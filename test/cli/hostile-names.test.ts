/**
 * Classes, files and entries of a weights file whose names hold line ends, escape sequences and marks that turn the reading direction,
 * through every command that prints or writes names: what is printed has none of them, and no name makes a line of its own.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot, tensorone } from "./spawn.js";

const demo = join(packageRoot, "demo", "fashion-mnist", "val");
const FORGED = "forged.jpg\t1.0000\tcat";
const classes = [`cat\n${FORGED}`, "dog\u001b[2J\u001b]0;owned\u0007", "=cmd|'/c calc'!A1\u202egpj"];
const picture = `a\u009b31m\n${FORGED}\r.jpg`;
/** What no line may hold beside its own end and the tabs of rows. */
const steering = /[^\P{Cc}\n\t]|[\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-hostile-"));
  const [from] = readdirSync(demo).sort();
  for (const split of ["train", "val"])
    for (const name of classes) {
      const target = join(folder, "pets", split, name);
      mkdirSync(target, { recursive: true });
      for (const [i, file] of readdirSync(join(demo, from!)).sort().slice(0, 3).entries())
        copyFileSync(join(demo, from!, file), join(target, i === 0 ? picture : file));
    }
  const size = "--max-steps 2 --batch-size 4 --image-size 32 --seed 1 --threads 1 --workers 0";
  const trained = tensorone(["train", "--data", "pets", "--out", "run", ...size.split(" ")], folder);
  expect(trained.code, trained.stderr).toBe(0);
  expectHarmless(trained);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function expectHarmless({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): void {
  for (const text of [stdout, stderr]) {
    expect(text).not.toMatch(steering);
    expect(text.split("\n").filter((line) => line.startsWith("forged"))).toEqual([]);
  }
}

const checkpoint = "--checkpoint run --image-size 32 --threads 1 --workers 0";
const words = (line: string): string[] => line.split(" ");

describe("names that would steer a terminal", () => {
  it.each([
    ["verify-dataset", words("verify-dataset pets --workers 0"), undefined],
    ["browse", words("browse --data pets --out sheet.png --image-size 32 --seed 1"), 0],
    ["eval", words(`eval --data pets --out answers ${checkpoint}`), 0],
    ["eval --json", words(`eval --data pets ${checkpoint} --json`), 0],
    ["predict", words(`predict pets/val --top-k 2 ${checkpoint}`), 0],
    ["predict --json", words(`predict pets/val --top-k 2 ${checkpoint} --json`), 0],
    ["report", words("report run"), 0],
    ["card", words("card run"), 0],
    ["train --resume", words("train --resume --out run --max-steps 2 --threads 1"), undefined],
    ["a file that is none", ["predict", "no\u001b[2J\nforged", ...words(checkpoint)], undefined],
    ["a word that is none", ["no\u001b[2J\nforged"], 2],
    ["a checkpoint that is none", ["eval", "--data", "pets", "--checkpoint", "no\u001b[2J\nforged"], undefined],
    ["an option that is none", ["eval", "--no\u001b[2J\nforged"], 2],
  ])("%s", (_, args, code) => {
    const done = tensorone(args, folder);
    if (code !== undefined) expect(done.code, done.stderr).toBe(code);
    expectHarmless(done);
  });

  it("make no row of predict and no line or formula of a table", () => {
    const rows = tensorone(words(`predict pets/val --top-k 2 ${checkpoint}`), folder)
      .stdout.trimEnd()
      .split("\n");
    expect(rows).toHaveLength(classes.length * 3 * 2);
    for (const row of rows) expect(row.split("\t")).toHaveLength(3);
    expect(tensorone(words(`predict pets/val --top-k 1 --out a.csv ${checkpoint}`), folder).code).toBe(0);
    for (const file of ["a.csv", join("answers", "predictions.csv"), join("answers", "confusion.csv")]) {
      const text = readFileSync(join(folder, file), "utf8");
      expect(text).not.toMatch(steering);
      const fields = text.trimEnd().split("\n");
      expect(fields).toHaveLength(file.includes("confusion") ? 1 + classes.length : 1 + classes.length * 3);
      expect(text).not.toMatch(/(^|,)"?=cmd/m);
    }
  });

  it("write drawings and pages without them", () => {
    for (const file of ["answers/confusion.svg", "run/report.html"])
      expect(readFileSync(join(folder, file), "utf8")).not.toMatch(steering);
  });
});
