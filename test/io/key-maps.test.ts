/** The names of Apple, mmpretrain and timm: each set recognised, translated into each other, and loaded with equal answers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend, type Tensor } from "../../src/index.js";
import {
  decodeWeights,
  encodeSafetensors,
  encodeWeights,
  loadFileEntries,
  recognizeKeys,
  recognizeModel,
  renameKeys,
  toFileEntries,
} from "../../src/models/files/index.js";
import { createModel, listModels } from "../../src/models/index.js";
import { Conv2d, Linear, Module } from "../../src/nn/index.js";
import { loadCheckpoint, saveCheckpoint } from "../../src/train/checkpoints/checkpoint-file.js";
import { loadModelFile, saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { randomizeStatistics } from "../models/random-statistics.js";
import { expected, fixture, golden, LOGITS_TOLERANCE, logitsOf, relativeError, tinyModel } from "./fixtures.js";

let folder = "";
beforeAll(async () => {
  await setBackend("reference");
  folder = mkdtempSync(join(tmpdir(), "tensorone-keys-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Who names the entries of MobileOne. */
const mobileoneStyles = ["mmpretrain", "apple", "timm"] as const;

const named = (style: string) => decodeWeights(fixture(`tiny-${style}.pth`)).entries;

describe("names", () => {
  it.each(mobileoneStyles)("of %s are recognised by content, and become those of the others", (style) => {
    const entries = named(style);
    expect(recognizeKeys(entries.keys())).toBe(style);
    for (const other of mobileoneStyles) {
      const renamed = renameKeys(entries, style, other);
      expect(new Set(renamed.keys())).toEqual(new Set(named(other).keys()));
      for (const [name, { values }] of named(other)) expect(renamed.get(name)!.values, name).toEqual(values);
    }
  });

  it("of other networks are nobody's and stay", () => {
    expect(recognizeKeys(["linear.weight", "stage1.conv1.weight"])).toBeNull();
    expect([...renameKeys(new Map([["layer1.weight", 1]]), "apple", "timm").keys()]).toEqual(["layer1.weight"]);
  });

  it.each(["apple", "timm"] as const)("of the deploy form by %s are recognised too", (style) => {
    const { entries } = decodeWeights(fixture(`tiny-${style}-deploy.pth`));
    // both call the folded convolution alike; stages tell them apart
    expect(recognizeKeys(entries.keys())).toBe(style);
  });
});

describe("loadCheckpoint", () => {
  it.each([
    "tiny-mmpretrain",
    "tiny-apple",
    "tiny-timm",
    "tiny-wrapped",
    "tiny-mmengine",
  ])("%s.pth gives PyTorch's logits", async (name) => {
    const model = tinyModel({ init: "zeros" });
    await loadCheckpoint(model, join(golden, `${name}.pth`));
    expect(relativeError(logitsOf(model, 64), expected.models.train)).toBeLessThan(LOGITS_TOLERANCE);
  });

  it.each(["apple-deploy", "timm-deploy"] as const)("tiny-%s.pth gives PyTorch's logits", async (name) => {
    const model = tinyModel({ init: "zeros", deploy: true });
    await loadCheckpoint(model, join(golden, `tiny-${name}.pth`));
    expect(relativeError(logitsOf(model, 64), expected.models[name])).toBeLessThan(LOGITS_TOLERANCE);
  });

  it("lists differences in the names and shapes of the file, with the nearest ones", async () => {
    const entries = new Map(named("apple"));
    const taken = entries.get("stage1.0.rbr_scale.bn.bias")!;
    entries.delete("stage1.0.rbr_scale.bn.bias");
    entries.set("stage1.0.rbr_scale.bn.bais", taken);
    entries.set("stage0.rbr_scale.conv.weight", { shape: [3], values: new Float32Array(3) });
    const path = join(folder, "wrong.safetensors");
    writeFileSync(path, encodeSafetensors(entries));
    const model = tinyModel();
    const load = loadCheckpoint(model, path);
    await expect(load).rejects.toThrow(`${path}: the state dict has`);
    await expect(load).rejects.toThrow(/1 missing: stage1\.0\.rbr_scale\.bn\.bias \(nearest: stage1.*bais\)/);
    await expect(load).rejects.toThrow(/1 unexpected: stage1\.0\.rbr_scale\.bn\.bais/);
    await expect(load).rejects.toThrow(
      /1 misshapen: stage0\.rbr_scale\.conv\.weight is \[3\], expected \[8, 3, 1, 1\]/,
    );
  });

  it("leaves the names of other modules alone, even where they look like Apple's", async () => {
    class Net extends Module {
      readonly conv = this.child("stage0.reparam_conv", new Conv2d(3, 4, { kernelSize: 1 }));
      readonly linear = this.child("linear", new Linear(4, 2));
      forward(x: Tensor): Tensor {
        return this.linear.forward(this.conv.forward(x));
      }
    }
    const [net, other] = [new Net(), new Net()];
    const path = join(folder, "net.pth");
    await saveCheckpoint(net, path);
    await loadCheckpoint(other, path);
    for (const name of ["stage0.reparam_conv.weight", "linear.bias"])
      expect((await toFileEntries(other)).get(name)).toEqual((await toFileEntries(net)).get(name));
  });
});

describe("saveCheckpoint", () => {
  it.each([
    ["x.pth", "mmpretrain"],
    ["x.pth", "apple"],
    ["x.pth", "timm"],
    ["x.safetensors", "timm"],
    ["x.pth.tar", "apple"],
  ] as const)("%s with the names of %s: save, load, save gives equal bytes", async (file, keys) => {
    const model = tinyModel({ seed: 4 });
    randomizeStatistics(model, 4);
    const [first, second] = [join(folder, file), join(folder, `again-${file}`)];
    await saveCheckpoint(model, first, { keys });
    const other = tinyModel({ seed: 5 });
    await loadCheckpoint(other, first);
    await saveCheckpoint(other, second, { keys });
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
    expect(recognizeKeys(decodeWeights(readFileSync(first)).entries.keys())).toBe(keys);
    expect(logitsOf(other, 32)).toEqual(logitsOf(model, 32));
  });

  it("a .pth file with mmpretrain's names holds meta and state_dict, with others the bare state dict", async () => {
    const entries = await toFileEntries(tinyModel());
    const classes = JSON.stringify(["a", "b"]);
    const published = decodeWeights(encodeWeights(entries, { classes }, { container: "torch" }));
    expect(published).toMatchObject({ found: "state_dict", metadata: { classes } });
    const bare = decodeWeights(encodeWeights(entries, { classes }, { container: "torch", keys: "apple" }));
    expect(bare).toMatchObject({ found: null, metadata: {} });
  });
});

describe("loadModelFile", () => {
  it.each(
    listModels(),
  )("knows %s in both forms from its entries alone, and its classes from the head", async (name) => {
    for (const deploy of [false, true]) {
      const model = createModel(name, { numClasses: 7, deploy, init: "zeros" });
      const entries = await toFileEntries(model);
      model.dispose();
      expect(recognizeModel(entries)).toEqual({ model: name, form: deploy ? "deploy" : "train", numClasses: 7 });
    }
  });

  it("says whose names a file has, and keeps variant, classes and picture size in a .pth of mmpretrain's", async () => {
    const model = createModel("mobileone_s0", { numClasses: 3, deploy: true });
    const classes = ["x", "y", "z"];
    for (const keys of mobileoneStyles) {
      const path = join(folder, `s0-${keys}.pth`);
      await saveModelFile(path, model, { classes, recipe: null }, { keys });
      const { info, origin, model: loaded } = await loadModelFile(path);
      expect(origin).toEqual({ container: "torch", keys, found: keys === "mmpretrain" ? "state_dict" : null });
      expect(info).toMatchObject({ model: "mobileone_s0", form: "deploy", numClasses: 3 });
      expect(info.classes).toEqual(keys === "mmpretrain" ? classes : null);
      expect((await toFileEntries(loaded)).get("head.fc.weight")).toEqual(
        (await toFileEntries(model)).get("head.fc.weight"),
      );
      loaded.dispose();
    }
  });

  it("believes the entries, not what the metadata claims", async () => {
    const path = join(folder, "claims.safetensors");
    const model = createModel("mobileone_s0", { numClasses: 3, deploy: true });
    const entries = await toFileEntries(model);
    const claim = async (metadata: Readonly<Record<string, string>>) => {
      writeFileSync(path, encodeWeights(entries, metadata));
      const { info, model: loaded } = await loadModelFile(path);
      loaded.dispose();
      return info;
    };
    const truth = { model: "mobileone_s0", form: "deploy", numClasses: 3, classes: null, images: null };
    expect(await claim({ model: "__proto__", form: "train", numClasses: "1000000000" })).toEqual(truth);
    expect(await claim({ classes: '["one"]', images: '{"evalSize":1e9,"evalResize":1}' })).toEqual(truth);
    expect(await claim({ classes: "null", images: "7" })).toEqual(truth);
    await expect(claim({ classes: "[" })).rejects.toThrow("claims.safetensors: its metadata is not JSON");
    model.dispose();
  });

  it("loads into the model that is given, whatever the dialect", () => {
    const model = tinyModel();
    expect(loadFileEntries(model, named("timm"))).toBe("timm");
    expect(loadFileEntries(model, named("mmpretrain"))).toBe("mmpretrain");
  });

  it("refuses the tiny network by what it is not", async () => {
    await expect(loadModelFile(join(golden, "tiny-apple.pth"))).rejects.toThrow(
      /tiny-apple\.pth: its 1?\d+ entries are no MobileOne, RepVGG, ResNet/,
    );
  });
});
