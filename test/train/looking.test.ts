/**
 * Files of pictures through a model: the answers of classify(), one by one, in whatever pieces paths come; features; what words name;
 * the files of an evaluation.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classTable, confusionsLine } from "../../src/cli/eval/class-table.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { evalTransform } from "../../src/data/transforms/index.js";
import { applyTransform, classify, models, noGrad, normalize, readImage, setBackend } from "../../src/index.js";
import { npyBytes, npyHeader } from "../../src/io/npy.js";
import { type ClassifiedFile, classifyFiles } from "../../src/train/looking/classify-files.js";
import { writeEvaluation } from "../../src/train/looking/evaluation-files.js";
import { extractFeatures } from "../../src/train/looking/extract-features.js";
import { picturePaths } from "../../src/train/looking/picture-paths.js";
import { classificationReport } from "../../src/train/metrics/classification-report.js";
import { confusionMatrix } from "../../src/train/metrics/confusion-matrix.js";
import type { Prediction } from "../../src/train/metrics/predictions.js";

const source = join(import.meta.dirname, "..", "..", "demo", "fashion-mnist", "val", "08_bag");
const SIDE = 32;
const sizes = { imageSize: SIDE, resizeSize: SIDE };
const classNames = ["ant", "bee", "cow", "dog"];
let folder = "";
let good: string[] = [];

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "tensorone-looking-"));
  mkdirSync(join(folder, "some", "below"), { recursive: true });
  mkdirSync(join(folder, "none"));
  writeFileSync(join(folder, "none", "notes.txt"), "no picture");
  const names = readdirSync(source).sort().slice(0, 5);
  good = names.map((name, i) => join(folder, "some", i > 2 ? "below" : ".", name));
  names.forEach((name, i) => {
    copyFileSync(join(source, name), good[i]!);
  });
  writeFileSync(join(folder, "some", "bad.jpg"), "no picture");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const model = () => models.createModel("mobileone_s0", { numClasses: 4, seed: 3, deploy: true });

async function all<T>(answers: AsyncIterable<T>): Promise<T[]> {
  const kept: T[] = [];
  for await (const answer of answers) kept.push(answer);
  return kept;
}

describe("classifyFiles", () => {
  it("gives what classify() gives of each, in order, with a problem in the place of what cannot be read", async () => {
    const one = model().train();
    const paths = [good[0]!, join(folder, "some", "bad.jpg"), good[1]!, join(folder, "gone.jpg"), good[2]!];
    const answers = await all(classifyFiles(one, paths, { ...sizes, classNames, topK: 2, batchSize: 2 }));
    expect(one.training).toBe(true);
    expect(answers.map(({ path }) => path)).toEqual(paths);
    expect(answers.map(({ problem }) => problem?.summary.slice(folder.length) ?? null)).toEqual([
      null,
      expect.stringMatching(/some.bad\.jpg: neither a JPEG nor a PNG/),
      null,
      expect.stringMatching(/gone\.jpg: cannot be read \(ENOENT/),
      null,
    ]);
    for (const { path, classes } of answers) {
      if (classes === null) continue;
      const alone = await classify(one, path, { ...sizes, classNames, topK: 2 });
      expect(classes.map(({ label }) => label)).toEqual(alone.map(({ label }) => label));
      classes.forEach(({ score }, i) => {
        expect(score).toBeCloseTo(alone[i]!.score, 5);
      });
    }
  });

  it("gives each batch before it asks for paths that are not there yet", async () => {
    const seen: string[] = [];
    async function* slow() {
      yield good.slice(0, 2);
      // the first batch was answered while this one was waited for
      await expect.poll(() => seen.length, { timeout: 60_000 }).toBe(2);
      yield good.slice(2, 3);
    }
    for await (const { path } of classifyFiles(model(), slow(), { ...sizes, batchSize: 2 })) seen.push(path);
    expect(seen).toEqual(good.slice(0, 3));
  });

  it("has the same answers whatever batches the paths come in", async () => {
    const one = model();
    const of = (paths: Iterable<string | string[]>, batchSize: number): Promise<ClassifiedFile[]> =>
      all(classifyFiles(one, paths, { ...sizes, batchSize }));
    const whole = await of(good, 32);
    expect(whole).toHaveLength(5);
    for (const other of [await of(good, 2), await of([good.slice(0, 3), good[3]!, good.slice(4)], 2)])
      expect(other.map(({ classes }) => classes![0]!.label)).toEqual(whole.map(({ classes }) => classes![0]!.label));
    expect(await of([], 4)).toEqual([]);
  });

  it("refuses what it cannot answer for", async () => {
    await expect(all(classifyFiles(model(), good, { ...sizes, topK: 0 }))).rejects.toThrow(/topK 0/);
    await expect(all(classifyFiles(model(), good, { ...sizes, classNames: ["a"] }))).rejects.toThrow(/1 classNames/);
    const spoilt = model();
    const { weight } = spoilt.classifier;
    weight.write(new Float32Array(weight.size).fill(Number.NaN));
    await expect(all(classifyFiles(spoilt, good, { ...sizes, where: "here" }))).rejects.toThrow(/^here: /);
  });
});

describe("extractFeatures", () => {
  it("gives the mean of a stage's output, by default of what the classifier is given", async () => {
    const one = model();
    const square = applyTransform(evalTransform(sizes), await readImage(good[1]!));
    for (const [stage, index] of [
      [undefined, 4],
      ["stage2", 2],
      [-4, 1],
      ["3", 3],
    ] as const) {
      const options = { ...sizes, ...(stage !== undefined && { stage }), batchSize: 2 };
      const rows = await all(extractFeatures(one, [good[0]!, good[1]!, join(folder, "gone.jpg")], options));
      expect(rows.map(({ problem }) => problem === null)).toEqual([true, true, false]);
      const [output] = noGrad(() => one.eval().features(normalize([square]), { outIndices: [index] }));
      const expected = await output!.mean([1, 2]).data();
      const found = rows[1]!.features!;
      expect(found).toHaveLength(one.featureInfo[index]!.channels);
      const largest = Math.max(...(expected as Float32Array).map(Math.abs));
      found.forEach((value, i) => {
        expect(Math.abs(Number(value) - Number(expected[i])) / largest).toBeLessThan(1e-5);
      });
    }
    await expect(all(extractFeatures(one, good, { ...sizes, stage: "stag2" }))).rejects.toThrow(
      /no stage "stag2", expected one of stage0, .*\n.*stage2/,
    );
  });
});

describe("words that name pictures", () => {
  async function* stream(...pieces: (string | Uint8Array)[]) {
    yield* pieces;
  }

  it("are files, folders with all below, and lines of a stream, in their order", async () => {
    const below = join(folder, "some");
    const inFolder = [...good, join(below, "bad.jpg")].map((path) => join(path)).sort();
    const pieces = await all(picturePaths("test", ["first.jpg", below, "last"], undefined));
    expect(pieces).toHaveLength(1);
    expect(pieces[0]![0]).toBe("first.jpg");
    expect(pieces[0]!.slice(1, -1).sort()).toEqual(inFolder);
    const [euro] = [new TextEncoder().encode("€.jpg\n")];
    const lines = stream("a.jpg\nb ", "c.jpg\r\n\n", euro!.subarray(0, 2), euro!.subarray(2), "end.jpg");
    expect(await all(picturePaths("test", ["x", "-", "y"], lines))).toEqual([
      ["x"],
      ["a.jpg"],
      ["b c.jpg"],
      ["€.jpg"],
      ["end.jpg"],
      ["y"],
    ]);
  });

  it("are refused before any work where they name nothing", () => {
    expect(() => picturePaths("test", [join(folder, "none")])).toThrow(
      /none has no pictures \(1 \.txt\), expected files/,
    );
    expect(() => picturePaths("test", ["-", "-"], stream())).toThrow(/"-" twice/);
    expect(() => picturePaths("test", ["-"])).toThrow(/without a stream/);
  });
});

describe("arrays for NumPy", () => {
  it("have a header of version 1.0 whose length does not depend on the counts", () => {
    const header = npyHeader([7, 1024]);
    expect(header.length % 64).toBe(0);
    expect([...header.subarray(0, 8)]).toEqual([0x93, ...Buffer.from("NUMPY"), 1, 0]);
    expect(header[8]! + 256 * header[9]!).toBe(header.length - 10);
    expect(Buffer.from(header.subarray(10)).toString()).toMatch(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(7, 1024\), \} +\n$/,
    );
    expect(npyHeader([123_456_789_012_345, 1]).length).toBe(npyHeader([0, 1]).length);
    expect(Buffer.from(npyHeader([5])).toString("latin1")).toContain("'shape': (5,), }");
    expect([...npyBytes([1, -2])]).toEqual([0, 0, 128, 63, 0, 0, 0, 192]);
  });
});

describe("an evaluation", () => {
  const names = ["cat", 'a "b", c', "<i>"];
  const predictions: Prediction[] = [
    [0, 0, 0.9],
    [1, 2, 0.8],
    [2, 2, 0.7],
    [1, 0, 0.95],
    [0, 1, 0.5],
  ].map(([label, predicted, score], picture) => ({
    picture,
    label: label!,
    predicted: predicted!,
    score: score!,
    labelScore: label === predicted ? score! : 0.01,
    top: [{ index: predicted!, score: score! }],
  }));
  const confusion = confusionMatrix(
    predictions.map(({ label }) => label),
    predictions.map(({ predicted }) => predicted),
    3,
  );
  const report = classificationReport(confusion, names);

  it("becomes files: answers, figures, the matrix, and the surest mistakes first", async () => {
    const out = join(folder, "out");
    const dataset = { root: folder, samples: good.map((path) => ({ path, label: 0 })) };
    const about = { top1: 40 };
    const output = { dataset, predictions, confusion, report, about, classes: names, shownClasses: names, mistakes: 2 };
    const files = await writeEvaluation(out, output);
    expect(files.sort()).toEqual(readdirSync(out).sort());
    const text = (name: string) => readFileSync(join(out, name), "utf8");
    const lines = text("predictions.csv").trimEnd().split("\n");
    expect(lines[0]).toBe("path,label,predicted,score,labelScore,class1,score1,class2,score2,class3,score3");
    expect(lines[2]).toMatch(/^some\/\d+\.jpg,"a ""b"", c",<i>,0\.8,0\.01,<i>,0\.8$/);
    const answers = text("predictions.jsonl")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(answers).toHaveLength(5);
    expect(answers[3]).toMatchObject({ label: 'a "b", c', predicted: "cat", isRight: false, score: 0.95 });
    expect(text("confusion.csv")).toBe('label,cat,"a ""b"", c",<i>\ncat,1,1,0\n"a ""b"", c",1,0,1\n<i>,0,0,1\n');
    expect(text("confusion.svg")).toContain("&lt;i&gt;");
    const metrics = JSON.parse(text("metrics.json")) as Record<string, unknown>;
    expect(metrics).toMatchObject({ top1: 40, accuracy: 0.4, macro: report.macro });
    expect(metrics.confusions).toHaveLength(3);
    const sheet = decodeImage(readFileSync(join(out, "mistakes-1.png")));
    // two tiles of 224 side by side, three large lines below
    expect([sheet.width, sheet.height]).toEqual([2 * (224 + 12) + 4, 224 + 3 * 20 + 4 + 4]);
    // an evaluation in its place leaves no sheet of the former one
    expect(await writeEvaluation(out, { ...output, mistakes: 0 })).not.toContain("mistakes-1.png");
    expect(readdirSync(out)).not.toContain("mistakes-1.png");
  });

  it("is a table for people, worst classes first, of many the first twenty", () => {
    const lines = classTable(report, names);
    expect(lines).toHaveLength(1 + 3 + 3);
    expect(lines[1]).toMatch(/^a "b", c +0\.0 % +0\.0 % +0\.0 % +2$/);
    expect(lines.at(-2)).toMatch(/^micro \(all images\) +40\.0 % +40\.0 % +40\.0 % +5$/);
    expect(confusionsLine(confusion, ["cat", "dog\u001b", "eel"])).toBe(
      "mistaken most: cat for dog\\x1b 1×, dog\\x1b for cat 1×, dog\\x1b for eel 1×",
    );
    const many = classificationReport(confusionMatrix([0], [0], 1200));
    const cut = classTable(
      many,
      many.classes.map(({ label }) => label),
    );
    expect(cut).toHaveLength(1 + 20 + 1 + 3);
    expect(cut[21]).toBe("… and 1,180 more classes: --out DIR writes all");
    expect(confusionsLine(confusionMatrix([1], [1], 2), ["a", "b"])).toBe("");
  });
});
