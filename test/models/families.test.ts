/** What every family has to have, asked of each; and what is RepVGG's and ResNet's own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { liveStorage, noGrad, randn, scope, setBackend } from "../../src/index.js";
import { encodeWeights, identify, type KeyStyle, renameKeys, toFileEntries } from "../../src/models/files/index.js";
import {
  type Classifier,
  createModel,
  families,
  familyOf,
  listModels,
  recipeForms,
  reparameterize,
  summarize,
} from "../../src/models/index.js";
import { RepVgg } from "../../src/models/repvgg/repvgg.js";
import { ResNet } from "../../src/models/resnet/resnet.js";
import { loadModelFile, saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { resumedRecipe } from "../../src/train/recipes/choose-recipe.js";
import { randomizeStatistics } from "./random-statistics.js";

let folder = "";
beforeAll(async () => {
  await setBackend("reference");
  folder = mkdtempSync(join(tmpdir(), "tensorone-families-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const logitsOf = (model: Classifier, side: number): Float64Array =>
  noGrad(() => scope(() => Float64Array.from(model.forward(randn([1, side, side, 3], { seed: 1 })).dataSync())));

const sizeOf = (model: Classifier): number =>
  [...model.namedParameters().values()].reduce((sum, { tensor }) => sum + tensor.size, 0);

describe.each(listModels())("%s", (name) => {
  const family = familyOf(name);

  it("has the parameters and entries that its summary counts, in both forms", () => {
    const { totals } = summarize(name, { imageSize: 64, numClasses: 7 });
    for (const form of ["train", "deploy"] as const) {
      const model = createModel(name, { numClasses: 7, init: "zeros", deploy: form === "deploy" });
      expect(sizeOf(model)).toBe(totals[form].parameters);
      expect(model.stateDict().size).toBe(totals[form].stateEntries);
      expect(model.namedParameters().size).toBe(totals[form].trainableTensors);
      model.dispose();
    }
  });

  it("is recognised under everybody's names, in both forms, with its classes and channels", async () => {
    for (const deploy of [false, true]) {
      const model = createModel(name, { numClasses: 7, init: "zeros", deploy, inChannels: 1 });
      const own = await toFileEntries(model);
      model.dispose();
      for (const style of Object.keys(family.dialects) as KeyStyle[]) {
        const entries = renameKeys(own, family.ownKeys as KeyStyle, style);
        const found = identify(entries)!;
        expect(found.family.name).toBe(family.name);
        const form = deploy ? "deploy" : "train";
        expect(found.recognized).toEqual({ model: name, form, numClasses: 7, inChannels: 1 });
        expect([...renameKeys(entries, style, family.ownKeys as KeyStyle).keys()]).toEqual([...own.keys()]);
      }
    }
  });

  it("has recipes of its own name, in all forms and for the demo set", () => {
    expect(family.recipe(name, "intended")).toMatchObject({ name, model: name });
    for (const form of recipeForms) {
      const recipe = family.recipe(name, form);
      expect(recipe.model).toBe(name);
      // one that differs is told by its name when a run goes on
      expect([name, `${name}-${form}`]).toContain(recipe.name);
      expect(resumedRecipe(recipe, { model: name, recipe: "intended" }, new Set(["model"]))).toEqual(recipe);
    }
    expect(family.demoRecipe(name)).toMatchObject({ name: `${name}-demo`, model: name, images: { trainSize: 32 } });
  });
});

describe.each(families.map((family) => [family.name, Object.keys(family.variants)[0]!] as const))("%s", (_, name) => {
  it("takes images of one channel", () => {
    const model = createModel(name, { numClasses: 3, inChannels: 1 }).eval();
    expect(noGrad(() => model.forward(randn([1, 32, 32, 1])).shape)).toEqual([1, 3]);
    expect(() => model.forward(randn([1, 32, 32, 3]))).toThrow(/3 channels.*expects 1/);
    expect(() => createModel(name, { inChannels: 0 })).toThrow(/inChannels is 0, expected a positive integer/);
    expect(summarize(model, { imageSize: 32 }).totals.train.parameters).toBe(sizeOf(model));
    model.dispose();
  });

  it("gets another classifier in the place of the old one, and keeps the rest", () => {
    const model = createModel(name, { numClasses: 3, seed: 2 });
    const keys = [...model.stateDict().keys()];
    const features = noGrad(() =>
      model
        .eval()
        .features(randn([1, 32, 32, 3], { seed: 1 }))
        .dataSync(),
    );
    const held = liveStorage();
    model.train().resetClassifier(3, { seed: 5 });
    expect(liveStorage()).toEqual(held);
    model.resetClassifier(7, { seed: 5 });
    expect([...model.stateDict().keys()]).toEqual(keys);
    expect(model.numClasses).toBe(7);
    expect(model.classifier.training).toBe(true);
    expect(new Set(model.classifier.weight.dataSync()).size).toBeGreaterThan(7);
    expect(logitsOf(model.eval(), 32)).toHaveLength(7);
    expect(noGrad(() => model.features(randn([1, 32, 32, 3], { seed: 1 })).dataSync())).toEqual(features);
    expect(() => model.resetClassifier(0)).toThrow(/numClasses is 0/);
    model.dispose();
  });

  it("folds in float64 to what it computes, and says so", async () => {
    const model = createModel(name, { numClasses: 5, dtype: "float64", seed: 3 }).eval();
    randomizeStatistics(model);
    const { model: deployed, certificate } = await reparameterize(model, { probe: { batchSize: 1, imageSize: 32 } });
    expect(certificate.relativeError).toBeLessThanOrEqual(1e-12);
    expect(certificate.blocks).toHaveLength(model.blocks.length);
    expect(certificate.deploy.parameters).toBe(sizeOf(deployed));
    await expect(reparameterize(deployed)).rejects.toThrow(/deploy form already/);
    await expect(reparameterize(model.train())).rejects.toThrow(/training mode/);
    const other = createModel(name, { numClasses: 5, dtype: "float64", init: "zeros" });
    expect(() => other.loadStateDict(deployed.stateDict())).toThrow(/deploy: true/);
    expect(() => deployed.loadStateDict(model.stateDict())).toThrow(/then reparameterize/);
    for (const one of [model, deployed, other]) one.dispose();
  });

  it("travels through .pth files with everybody's names", async () => {
    const family = familyOf(name);
    const model = createModel(name, { numClasses: 3, seed: 4 }).eval();
    const logits = logitsOf(model, 32);
    for (const keys of Object.keys(family.dialects) as KeyStyle[]) {
      const path = join(folder, `${name}-${keys}.pth`);
      await saveModelFile(path, model, { classes: ["a", "b", "c"], recipe: null }, { keys });
      const loaded = await loadModelFile(path);
      expect(loaded.info).toMatchObject({ model: name, form: "train", numClasses: 3 });
      expect(loaded.classes).toEqual(keys === "mmpretrain" ? ["a", "b", "c"] : null);
      expect(logitsOf(loaded.model, 32)).toEqual(logits);
      loaded.model.dispose();
    }
    const entries = await toFileEntries(model);
    const strange = Object.keys(family.dialects).includes("apple") ? "torchvision" : "apple";
    expect(() => encodeWeights(entries, {}, { keys: strange })).toThrow(new RegExp(`has no names of ${strange}`));
    model.dispose();
  });
});

describe("published figures", () => {
  // millions of parameters: RepVGG's README for the deploy form, torchvision's page of resnet18
  it.each([
    ["repvgg_a0", "deploy", 8.3],
    ["repvgg_a1", "deploy", 12.78],
    ["repvgg_a2", "deploy", 25.49],
    ["repvgg_b0", "deploy", 14.33],
    ["resnet18", "train", 11.689512],
  ] as const)("%s has in its %s form %d M parameters", (name, form, millions) => {
    const digits = String(millions).split(".")[1]!.length;
    expect(summarize(name).totals[form].parameters / 1e6).toBeCloseTo(millions, digits - 1);
  });

  it.each([
    ["repvgg_a0", 1.4],
    ["repvgg_a1", 2.4],
    ["repvgg_a2", 5.1],
    ["repvgg_b0", 3.1],
    ["resnet18", 1.81],
  ] as const)("%s multiplies %d thousand million times", (name, billions) => {
    const { convMacs, linearMacs } = summarize(name).totals.deploy;
    expect((convMacs + linearMacs) / 1e9).toBeCloseTo(billions, 1);
  });

  it("names are those of repvgg.py and of torchvision's resnet.py", () => {
    const keys = (name: string) => [...createModel(name, { init: "zeros" }).stateDict().keys()];
    const norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
    const branch = (path: string) => [`${path}.conv.weight`, ...norm.map((leaf) => `${path}.bn.${leaf}`)];
    expect(keys("repvgg_a0").slice(0, 12)).toEqual([...branch("stage0.rbr_dense"), ...branch("stage0.rbr_1x1")]);
    expect(keys("repvgg_a0")).toContain("stage3.13.rbr_identity.running_var");
    expect(keys("repvgg_a0").slice(-2)).toEqual(["linear.weight", "linear.bias"]);
    const own = keys("resnet18");
    expect(own).toHaveLength(122);
    expect(own.slice(0, 7)).toEqual(["conv1.weight", ...norm.map((leaf) => `bn1.${leaf}`), "layer1.0.conv1.weight"]);
    expect(own).toContain("layer2.0.downsample.1.num_batches_tracked");
    expect(own.slice(-2)).toEqual(["fc.weight", "fc.bias"]);
  });
});

describe("RepVGG and ResNet", () => {
  it("train as they are written, and refuse another form by name", () => {
    for (const name of ["repvgg_a0", "resnet18"])
      expect(() => createModel(name, { training: "folded" })).toThrow(
        /training is "folded", expected "plain" or "auto"/,
      );
  });

  it("are told by name where a class is wanted", () => {
    expect(createModel("repvgg_a0", { init: "zeros" })).toBeInstanceOf(RepVgg);
    expect(createModel("resnet18", { init: "zeros" })).toBeInstanceOf(ResNet);
  });

  it("ResNet-34 is not taken for ResNet-18", async () => {
    const model = new ResNet({ units: [3, 4, 6, 3], widths: [64, 128, 256, 512] }, { init: "zeros" });
    expect(identify(await toFileEntries(model))).toBeNull();
  });
});
