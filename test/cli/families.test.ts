/** Every command on a model of each family but MobileOne, which the other tests run: from a few steps of training to ONNX. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeWeights, recognizeKeys } from "../../src/models/files/index.js";
import { families, familyOf } from "../../src/models/index.js";
import { packageRoot, tensorone } from "./spawn.js";

const TIMEOUT_MS = 300_000;

const rows = [
  {
    model: "repvgg_a0",
    own: "repvgg",
    operators: { train: { BatchNormalization: 61 }, deploy: { Conv: 22, Relu: 22 } },
  },
  {
    model: "resnet18",
    own: "torchvision",
    operators: { train: { BatchNormalization: 20, MaxPool: 1 }, deploy: { Conv: 20, MaxPool: 1 } },
  },
];

test("every family has a row", () => {
  const covered = ["MobileOne", ...rows.map(({ model }) => familyOf(model).name)];
  expect(families.map(({ name }) => name).filter((name) => !covered.includes(name))).toEqual([]);
});

describe.each(rows)("$model", { timeout: TIMEOUT_MS }, ({ model, own, operators }) => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tensorone-families-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const json = (line: string): unknown => {
    const { code, stdout, stderr } = tensorone([...line.split(" "), "--json"], folder);
    expect(code, `${line}\n${stderr}`).toBe(0);
    return JSON.parse(stdout);
  };
  const namesIn = (file: string) => recognizeKeys(decodeWeights(readFileSync(join(folder, file))).entries.keys());

  test("train, resume, eval, predict", () => {
    const run = `train --model ${model} --out run --batch-size 4 --threads 1 --no-validate --max-steps`;
    expect(json(`${run} 2`)).toMatchObject({ steps: 2 });
    expect(json("train --resume run --max-steps 3 --threads 1")).toMatchObject({ steps: 3 });
    const evaluated = json("eval --checkpoint run --threads 1");
    expect(evaluated).toMatchObject({ model, form: "train", certificate: { relativeError: expect.any(Number) } });
    const picture = join(packageRoot, "test/golden/data/images/rgb.jpg");
    const predicted = json(`predict --checkpoint run/model-deploy.safetensors ${picture} --threads 1`);
    expect(predicted).toMatchObject({ model, form: "deploy", images: [{ classes: expect.any(Array) }] });
  });

  test("reparameterize, convert", () => {
    expect(json("reparameterize run folded.pth --threads 1")).toMatchObject({ model });
    expect(namesIn("folded.pth")).toBe(own);
    expect(json("convert run published.pth --keys mmpretrain")).toMatchObject({
      model,
      from: { keys: own },
      to: { keys: "mmpretrain" },
    });
    expect(namesIn("published.pth")).toBe("mmpretrain");
    expect(json("convert published.pth again.safetensors")).toMatchObject({
      from: { keys: "mmpretrain" },
      to: { keys: own },
    });
    const refused = tensorone(["convert", "run", "apple.pth", "--keys", "apple"], folder);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no names of apple, expected/) });
    const checkpoint = "run/checkpoints/step_000003.safetensors";
    const full = tensorone(["convert", checkpoint, "epoch.pth", "--full"], folder);
    expect(full).toMatchObject({ code: 1, stderr: expect.stringMatching(`models have the names of ${own}`) });
  });

  test("export, run by ONNX Runtime", () => {
    for (const form of ["train", "deploy"] as const)
      expect(json(`export run ${form}.onnx --form ${form} --threads 1`)).toMatchObject({
        model,
        operators: operators[form],
        verification: { images: 2 },
      });
  });

  test("summary, schedule", () => {
    expect(json(`summary ${model} --image-size 64`)).toMatchObject({ model });
    expect(tensorone(["summary", model, "--training"], folder)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/trains in one form only/),
    });
    expect(json(`schedule --model ${model}`)).toMatchObject({ model, recipe: model });
  });
});

test("the published rates of ResNet-18 fall in steps, and its decay stays", () => {
  const { stdout } = tensorone(["schedule", "--model", "resnet18", "--json"], tmpdir());
  const { epochs } = JSON.parse(stdout) as { epochs: { lr: number; weightDecay: number; normWeightDecay: number }[] };
  expect(epochs).toHaveLength(90);
  expect([0, 29, 30, 59, 60, 89].map((epoch) => Number(epochs[epoch]!.lr.toPrecision(6)))).toEqual([
    0.1, 0.1, 0.01, 0.01, 0.001, 0.001,
  ]);
  for (const { weightDecay, normWeightDecay } of epochs) expect([weightDecay, normWeightDecay]).toEqual([1e-4, 1e-4]);
});
