/**
 * `export` as its users run it: what it prints, what --json holds, what lies there afterwards, what it refuses.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-web";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoData } from "../../src/cli/paths.js";
import { setBackend } from "../../src/index.js";
import { createModel } from "../../src/models/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { tensorone } from "../cli/spawn.js";
import { randomizeStatistics } from "../models/random-statistics.js";

let folder = "";
const run = (...args: string[]) => tensorone(["export", ...args, "--threads", "1"], folder);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-export-"));
  await setBackend("wasm", { threads: 1 });
  const model = createModel("mobileone_s0", { numClasses: 3, seed: 1 });
  randomizeStatistics(model);
  await saveModelFile(join(folder, "model.safetensors"), model.eval(), {
    classes: ["ant", "bee", "cat"],
    recipe: mobileoneS0Demo,
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a training file is folded on the way, run in ONNX Runtime, and told about", async () => {
  const { code, stdout, stderr } = run("model.safetensors", "model.onnx", "--json");
  expect(code).toBe(0);
  const json = JSON.parse(stdout) as Record<string, unknown>;
  expect(json).toMatchObject({ model: "mobileone_s0", form: "deploy", opset: 13, operators: { Conv: 43, Relu: 43 } });
  // the picture size of the file's own recipe
  expect(json).toMatchObject({ inputs: [{ name: "images", dtype: "float32", shape: ["batch", 3, 32, 32] }] });
  expect(json).toMatchObject({ certificate: { top1Agreement: 1 }, verification: { images: 2 } });
  const { runtime, relativeError } = json.verification as { runtime: string; relativeError: number };
  expect(runtime).toMatch(/^onnxruntime-(web|node) \d/);
  expect(relativeError).toBeLessThanOrEqual(3e-5);
  expect(stderr).toMatch(
    /folding: .*\nimages float32 .*\nopset 13: 43 Conv.*\nonnxruntime-.* on 2 images\nwrote model\.onnx/,
  );
  expect(statSync(join(folder, "model.onnx")).size).toBe(json.bytes);
  const session = await ort.InferenceSession.create(readFileSync(join(folder, "model.onnx")));
  expect(session.inputNames).toEqual(["images"]);
  await session.release();
});

test("branches and bytes: --form train --preprocess at another size", () => {
  const args = ["model.safetensors", "branches.onnx", "--form", "train", "--preprocess", "--image-size", "64"];
  const json = JSON.parse(run(...args, "--json").stdout) as Record<string, unknown>;
  expect(json).toMatchObject({ form: "train", certificate: null, operators: { BatchNormalization: 226, Cast: 1 } });
  expect(json).toMatchObject({
    inputs: [{ dtype: "uint8", shape: ["batch", 64, 64, 3] }],
    verification: { images: 2 },
  });
});

test("refuses before anything is written", () => {
  expect(run("model.safetensors", "model.txt").stderr).toMatch(/expected a name that ends with \.onnx/);
  expect(run("missing.safetensors", "new.onnx")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no such file/),
  });
  const taken = run("model.safetensors", "model.onnx");
  expect(taken).toMatchObject({ code: 2, stderr: expect.stringMatching(/exists already/) });
  expect(tensorone(["reparameterize", "model.safetensors", "folded.safetensors"], folder).code).toBe(0);
  const folded = run("folded.safetensors", "new.onnx", "--form", "train");
  expect(folded).toMatchObject({ code: 2, stderr: expect.stringMatching(/deploy form already/) });
  expect(existsSync(join(folder, "new.onnx"))).toBe(false);
  expect(run("folded.safetensors", "new.onnx")).toMatchObject({ code: 0 });
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("--help tells both forms", () => {
  expect(run("--help").stdout).toMatch(
    /usage: tensorone export IN OUT\.onnx[\s\S]*deploy, without branches and batch norms/,
  );
});

test("smaller types: float16, and int8 with ranges from pictures", () => {
  const half = JSON.parse(run("model.safetensors", "half.onnx", "--dtype", "float16", "--json").stdout) as Smaller;
  expect(half).toMatchObject({ dtype: "float16", inputs: [{ dtype: "float32" }], verification: { equalAnswers: 8 } });
  expect(half.bytes / half.floatBytes).toBeLessThan(0.52);
  const words = ["--dtype", "int8", "--calibrate", demoData, "--calibration-images", "10", "--keep-float", "logits"];
  const small = JSON.parse(run("model.safetensors", "int8.onnx", ...words, "--json").stdout) as Smaller;
  expect(small).toMatchObject({ dtype: "int8", calibrationImages: 10, keepFloat: ["logits"], layers: [] });
  expect(small.bytes / small.floatBytes).toBeLessThan(0.3);
  expect(statSync(join(folder, "int8.onnx")).size).toBe(small.bytes);
});

interface Smaller {
  readonly bytes: number;
  readonly floatBytes: number;
}

test.each([
  [["--dtype", "int8"], /without --calibrate/],
  [["--dtype", "float16", "--measure-layers"], /expected --dtype int8/],
  [["--dtype", "int8", "--form", "train"], /expected the deploy form/],
])("refuses %j", (words, message) => {
  const { code, stderr } = run("model.safetensors", "refused.onnx", ...words);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(message);
  expect(existsSync(join(folder, "refused.onnx"))).toBe(false);
});
