/**
 * finetune on the command line: which head it takes, what frozen stages keep, that a run goes on to the same bytes, and what it
 * says where weights cannot be trained on.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { finetuning } from "../../src/cli/commands/finetune.js";
import { decodeSafetensors, type StoredTensor } from "../../src/models/files/index.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import type { Recipe } from "../../src/models/recipe.js";
import { packageRoot, tensorone } from "./spawn.js";

const demo = join(packageRoot, "demo", "fashion-mnist");
let folder = "";

function copyClass(from: string, to: readonly string[], count: number, split: string): void {
  const target = join(folder, ...to);
  mkdirSync(target, { recursive: true });
  const names = readdirSync(join(demo, split, from)).sort();
  for (const name of names.slice(0, count)) cpSync(join(demo, split, from, name), join(target, name));
}

const run = (line: string) => tensorone(line.split(" "), folder);
const quick = "--threads 1 --workers 0 --no-report";
const finetune = (line: string) => run(`finetune ${line} ${quick}`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-finetune-"));
  for (const split of ["train", "val"]) {
    copyClass("01_trouser", ["pets", split, "cat"], 4, split);
    copyClass("07_sneaker", ["pets", split, "dog"], 4, split);
    copyClass("01_trouser", ["others", split, "cow"], 4, split);
    copyClass("07_sneaker", ["others", split, "dog"], 4, split);
    for (const name of ["cat", "dog", "eel"]) copyClass("08_bag", ["three", split, name], 3, split);
  }
  const first = run(`train --data pets --out base --image-size 32 --epochs 1 --batch-size 8 --no-validate ${quick}`);
  expect(first.code, first.stderr).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const recipeOf = (out: string, name: string): Recipe =>
  (JSON.parse(readFileSync(join(folder, out, "checkpoints", `${name}.json`), "utf8")) as { recipe: Recipe }).recipe;

/** The entries of a file, each as text. */
function entriesOf(path: string, prefix = ""): Map<string, string> {
  const { entries } = decodeSafetensors(readFileSync(join(folder, path)), path);
  const bytes = ({ values }: StoredTensor) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
  return new Map(
    [...entries].flatMap(([name, entry]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), bytes(entry)] as const] : [],
    ),
  );
}

describe("the head", () => {
  test("is new for another number of classes; model and picture size are those of the weights", () => {
    const { code, stdout, stderr } = finetune("--data three --init base --out three-run --max-steps 1");
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/weights from base\/model\.safetensors\n.*new head: 2 → 3 classes\n/);
    const recipe = recipeOf("three-run", "epoch_001");
    expect(recipe).toMatchObject({ name: "mobileone_s0-finetune", model: "mobileone_s0", images: { trainSize: 32 } });
    expect(recipe.optimizer.lr).toBeCloseTo(mobileoneS0.optimizer.lr / 5, 12);
  });

  test("is new for other names, unless told otherwise, and kept for the same", () => {
    const others = "--data others --init base/model.safetensors --max-steps 1 --no-validate";
    expect(finetune(`${others} --out others-run`).stdout).toMatch(
      /new head: 2 classes of other names \(class 0 is "cat" in .* and "cow" in others\)/,
    );
    expect(finetune(`${others} --out kept-run --allow-other-classes`).stdout).toMatch(/head kept: .* taken as numbers/);
    const same = finetune("--data pets --init base --out same-run --max-steps 1 --no-validate");
    expect(same.stdout).toContain("head kept: the same 2 classes");
  });
});

describe("frozen stages", () => {
  const frozen =
    "--data three --init base --epochs 2 --frozen-stages 3 --norm-eval --lr 0.001 --head-lr 0.1 --no-validate";

  test("keep the bytes of their weights and statistics; a run that goes on ends with the same bytes", () => {
    expect(finetune(`${frozen} --out whole`).code).toBe(0);
    const before = entriesOf("base/model.safetensors");
    const last = readdirSync(join(folder, "whole", "checkpoints")).find((name) => name.endsWith("002.safetensors"))!;
    for (const prefix of ["", "raw."]) {
      const after = entriesOf(`whole/checkpoints/${last}`, prefix);
      const changed = [...before.keys()].filter((name) => after.get(name) !== before.get(name));
      expect(changed.length).toBeGreaterThan(2);
      expect(changed.filter((name) => !/^(backbone\.stage4|head)\./.test(name))).toEqual([]);
      expect(changed.filter((name) => /running_|tracked/.test(name))).toEqual([]);
    }
    expect(finetune(`${frozen} --out parts --max-steps 1`).code).toBe(0);
    const resumed = finetune("--resume parts");
    expect(resumed.code, resumed.stderr).toBe(0);
    const bytes = (out: string) => readFileSync(join(folder, out, "checkpoints", last)).toString("base64");
    expect(bytes("parts")).toBe(bytes("whole"));
    const { transfer, optimizer } = recipeOf("parts", last.replace(".safetensors", ""));
    expect(transfer).toEqual({ frozenStages: 3, normEval: true, headLr: 0.1 });
    expect(optimizer.lr).toBe(0.001);
  });
});

test.each([
  ["no data", "--init base", 2, /--data is missing, expected --data DIR/],
  ["no weights", "--data pets", 2, /--init is missing, expected --init FILE/],
  ["no such weights", "--data pets --init none", 1, /none/],
  ["a folder of pictures", "--data pets --init pets", 1, /pets: is a folder without checkpoints/],
  ["a folded file", "--data pets --init base/model-deploy.safetensors", 1, /folded \(deploy\) form of mobileone_s0/],
  ["another model", "--data pets --init base --model resnet18", 1, /holds mobileone_s0, expected resnet18/],
  ["stages that are not there", "--data pets --init base --frozen-stages 7", 2, /a whole number from -1 to 4/],
])("one line about %s: finetune %s", (_, line, code, problem) => {
  const failed = finetune(`${line} --out failed`);
  expect(failed.stderr).toMatch(problem);
  expect(failed.stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
  expect(failed.code).toBe(code);
  expect(existsSync(join(folder, "failed"))).toBe(false);
});

describe("examples of the help", () => {
  beforeAll(() => {
    cpSync(join(folder, "pets", "train"), join(folder, "my-pictures"), { recursive: true });
    writeFileSync(join(folder, "my.json"), '{ "epochs": 3 }\n');
    cpSync(join(folder, "base"), join(folder, "runs", "mobileone_s0-demo"), { recursive: true });
    expect(run("convert base/model.safetensors mobileone_s0.pth").code).toBe(0);
  });

  // a device is opened in test/gpu, where float16 trains on the software driver
  const onProcessor = finetuning.examples.filter((example) => !example.includes("--backend gpu"));
  test.each(onProcessor.map((example, i) => [example, i] as const))("%s", (example, i) => {
    const own = example.includes("--out") || example.includes("--resume") ? "" : ` --out run${i}`;
    const { code, stderr } = run(`${example}${own} --max-steps 2 ${quick}`);
    expect(code, stderr).toBe(0);
  });
});
