/** Files of weights as people have them: what a folder, a wrapped file, another variant and a wrong ending are answered with. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { models, setBackend } from "../../src/index.js";
import {
  decodeWeights,
  encodeSafetensors,
  encodeTorchFile,
  StateDict,
  type StoredTensor,
  toFileEntries,
} from "../../src/models/files/index.js";
import { loadCheckpoint, loadModelFile, saveCheckpoint, saveModelFile } from "../../src/node.js";

const folder = mkdtempSync(join(tmpdir(), "tensorone-weights-"));
const s0 = join(folder, "s0.safetensors");
let entries: ReadonlyMap<string, StoredTensor>;
beforeAll(async () => {
  await setBackend("reference");
  const model = models.createModel("mobileone_s0", { numClasses: 1000, deploy: true, init: "zeros" });
  entries = await toFileEntries(model);
  await saveCheckpoint(model, s0);
  model.dispose();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const renamed = (rename: (name: string) => string): ReadonlyMap<string, StoredTensor> =>
  new Map([...entries].map(([name, entry]) => [rename(name), entry]));
const counter: StoredTensor = { shape: [], values: Int32Array.of(9), code: "I64" };

describe("loadModelFile", () => {
  const wrapped: readonly (readonly [what: string, bytes: () => Uint8Array])[] = [
    [
      "an averaged model beside the raw one",
      () =>
        encodeTorchFile({
          model: new StateDict(new Map([...renamed((name) => name)].map(([name]) => [name, counter]))),
          model_ema: new StateDict(new Map([["n_averaged", counter], ...renamed((name) => `module.${name}`)])),
        }),
    ],
    [
      "torch.compile under DistributedDataParallel",
      () => encodeSafetensors(renamed((name) => `module._orig_mod.${name}`)),
    ],
    [
      "one name that lacks the prefix",
      () => encodeSafetensors(renamed((name) => (name === "head.fc.bias" ? name : `module.${name}`))),
    ],
    [
      "Lightning with mmengine's numbers of a picture",
      () =>
        encodeTorchFile({
          epoch: 3,
          state_dict: new StateDict(
            new Map([
              ["model.data_preprocessor.mean", { shape: [3, 1, 1], values: Float32Array.of(1, 2, 3) }],
              ...renamed((name) => `model.${name}`),
            ]),
          ),
        }),
    ],
  ];
  it.each(wrapped)("%s", async (_, make) => {
    const path = join(folder, "wrapped.pth");
    writeFileSync(path, make());
    const { model, info } = await loadModelFile(path);
    expect(info).toMatchObject({ model: "mobileone_s0", form: "deploy", numClasses: 1000 });
    model.dispose();
  });

  it("takes the folder of a run, and says what a folder without a model is", async () => {
    const run = join(folder, "run");
    mkdirSync(run, { recursive: true });
    await expect(loadModelFile(run)).rejects.toThrow(`${run}: is a folder without checkpoints`);
    writeFileSync(join(run, "model.safetensors"), readFileSync(s0));
    const { model, path } = await loadModelFile(run);
    expect(path).toBe(join(run, "model.safetensors"));
    model.dispose();
    const own = models.createModel("mobileone_s0", { deploy: true, init: "zeros" });
    await loadCheckpoint(own, run);
    own.dispose();
  });

  it("names the prefix that it saw, and what would be without another", async () => {
    const path = join(folder, "unknown.safetensors");
    writeFileSync(
      path,
      encodeSafetensors(
        new Map([
          ["module.model.a", counter],
          ["module.model.b", counter],
        ]),
      ),
    );
    await expect(loadModelFile(path)).rejects.toThrow(
      /2 entries, without the module\.model\. before them are no .*, the first is a\n/,
    );
    writeFileSync(path, encodeSafetensors(renamed((name) => `student.net.${name}`)));
    await expect(loadModelFile(path)).rejects.toThrow(
      "hint: all begin with student.net.: without it this is mobileone_s0, so save that part alone",
    );
  });
});

describe("loadCheckpoint", () => {
  const load = async (name: string, options: object, path = s0) => {
    const model = models.createModel(name, { init: "zeros", ...options });
    try {
      await loadCheckpoint(model, path);
    } finally {
      model.dispose();
    }
  };
  it("says that a file is another variant, in one line", async () => {
    const other = load("mobileone_s1", { deploy: true });
    await expect(other).rejects.toThrow(
      `${s0}: this is mobileone_s0 (deploy form, 1000 classes), expected mobileone_s1\n` +
        '  hint: createModel("mobileone_s0", { numClasses: 1000, deploy: true })',
    );
  });
  it("says how many classes a file has, whatever stands around its names", async () => {
    const path = join(folder, "ddp.pth");
    writeFileSync(path, encodeTorchFile(new StateDict(renamed((name) => `module.${name}`))));
    for (const one of [s0, path])
      await expect(load("mobileone_s0", { numClasses: 10, deploy: true }, one)).rejects.toThrow(
        "hint: the classifier has another size: createModel(name, { numClasses: 1000 })",
      );
    await expect(load("mobileone_s0", { numClasses: 10, deploy: true }, path)).rejects.toThrow(
      `${path}, without module. before its names: the state dict has`,
    );
  });
});

describe("names that promise another format", () => {
  it.each(["x.h5", "x.ONNX", "x.keras", "x.npz", "x.bin", "x.ckpt", "x.json"])("%s is refused", async (name) => {
    const model = models.createModel("mobileone_s0", { deploy: true, init: "zeros" });
    const path = join(folder, name);
    const refusal = new RegExp(`${name} would hold safetensors, expected a name that does not end with`);
    await expect(saveCheckpoint(model, path)).rejects.toThrow(refusal);
    await expect(saveModelFile(path, model, { recipe: null, classes: null })).rejects.toThrow(refusal);
    expect(existsSync(path)).toBe(false);
    model.dispose();
  });
});

it("what was written is read again without a prefix", () => {
  expect(decodeWeights(readFileSync(s0)).prefix).toBeUndefined();
});
