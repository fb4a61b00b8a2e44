/**
 * Configs: what is read, in which order it counts, and what is said of what is wrong.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listModels, type ModelName } from "../../src/models/index.js";
import { type Recipe, recipeForms } from "../../src/models/recipe.js";
import { changeRecipe, chooseRecipe, demoRecipe, publishedRecipe } from "../../src/train/recipes/choose-recipe.js";
import { loadRecipeFile } from "../../src/train/recipes/config/config-file.js";
import { applyLayer } from "../../src/train/recipes/config/layers.js";
import { laidOverStored, resolveRecipe } from "../../src/train/recipes/config/resolve-recipe.js";
import { finetuneRecipe } from "../../src/train/recipes/finetune.js";
import { planRecipe } from "../../src/train/recipes/plan.js";
import { type TensoroneError, UsageError } from "../../src/util/errors.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-config-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};
const model = "mobileone_s0";
const s2 = publishedRecipe("mobileone_s2");
const set = async (...words: string[]) => (await resolveRecipe({ model, set: words })).recipe;

async function refusal(run: () => Promise<unknown>): Promise<TensoroneError> {
  const error = await run().then(
    () => new Error("was accepted"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UsageError);
  return error as TensoroneError;
}

/** Every field that may be absent, said. */
const everything = {
  ...publishedRecipe("mobileone_s2"),
  plan: "short",
  accumulate: 2,
  loss: { labelSmoothing: 0, mode: "original", kind: "focal", gamma: 1, classWeights: { cat: 2, dog: 1 } },
  batchAugments: { mixup: 0.2, probability: 1, switchProbability: 0.5 },
  optimizer: {
    kind: "adamw",
    lr: 1e-3,
    weightDecay: 0.05,
    betas: [0.9, 0.99],
    eps: 1e-8,
    amsgrad: true,
    maximize: false,
  },
  earlyStopping: { patience: 3, metric: "loss", minDelta: 0.1 },
  saveBest: "top1",
  clipGrad: { maxNorm: 5, normType: "inf" },
  schedule: {
    warmupEpochs: 1,
    warmupStart: 0.1,
    kind: "step",
    lrSteps: { epochs: [100, 200], factor: 0.1 },
    lrFloor: 0,
    weightDecayFloor: null,
    normWeightDecay: 0,
    interval: "step",
  },
  transfer: { frozenStages: 1, normEval: true, headLr: 0.01 },
  ema: { momentum: 0.02, warmup: true },
  sampling: { balanced: true },
  images: {
    ...publishedRecipe("mobileone_s2").images,
    autoAugment: "svhn",
    colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
    randomErasing: { probability: 0.5, scale: [0.02, 0.3], ratio: [0.3, 3], mode: "rand", value: [0, 1, 2] },
  },
} as const satisfies Recipe;

describe("every recipe there is", () => {
  const recipes = listModels().flatMap((name) => [
    ...recipeForms.map((form) => publishedRecipe(name, form)),
    demoRecipe(name),
    planRecipe(demoRecipe(name), 10),
    ...[100, 1000, 10_000].map((pictures) => finetuneRecipe(name, { pictures })),
  ]);
  const all: readonly Recipe[] = [...recipes, everything];
  test.each(
    all.map((recipe) => [`${recipe.name} ${recipe.plan ?? ""}`, recipe] as const),
  )("%s is a whole config, and comes back in the same bytes", async (_, recipe) => {
    const config = written("whole.json", { extends: null, ...recipe });
    const { recipe: found, changed } = await resolveRecipe({ config, base: () => recipe });
    expect(JSON.stringify(found)).toBe(JSON.stringify(recipe));
    expect(changed).toEqual([]);
  });
});

describe("--set", () => {
  test("takes JSON, numbers as people write them, and words", async () => {
    const recipe = await set(
      "optimizer.weightDecay=.05",
      "schedule.interval=step",
      "optimizer.nesterov=true",
      'name="my run"',
      'schedule.lrSteps={"epochs":[10,20],"factor":0.1}',
      "schedule.weightDecayFloor=null",
    );
    const published = publishedRecipe(model);
    expect(recipe).toEqual({
      ...published,
      name: "my run",
      optimizer: { ...published.optimizer, weightDecay: 0.05, nesterov: true },
      schedule: {
        ...published.schedule,
        interval: "step",
        lrSteps: { epochs: [10, 20], factor: 0.1 },
        weightDecayFloor: null,
      },
    });
  });

  test("the last word counts, a whole section and its fields together", async () => {
    expect((await set("epochs=5", "epochs=6")).epochs).toBe(6);
    const { clipGrad } = await set('clipGrad={"maxNorm":5,"normType":3}', "clipGrad.normType=inf");
    expect(clipGrad).toEqual({ maxNorm: 5, normType: "inf" });
  });

  test("null takes away what may be absent", async () => {
    const config = written("clipped.json", { clipGrad: { maxNorm: 5 }, optimizer: { maximize: true } });
    const { recipe } = await resolveRecipe({ model, config, set: ["clipGrad=null", "optimizer.maximize=null"] });
    expect(recipe).toEqual(publishedRecipe(model));
    expect((await refusal(() => set("epochs=null"))).message).toContain("epochs: null, expected a whole number");
  });

  test("another optimiser starts from its usual rates, as --optimizer has them", async () => {
    expect((await set("optimizer.kind=adamw")).optimizer).toEqual({ kind: "adamw", lr: 1e-3, weightDecay: 1e-2 });
    expect((await set("optimizer.kind=adam", "optimizer.betas=[0.8,0.9]")).optimizer).toEqual({
      kind: "adam",
      lr: 1e-3,
      weightDecay: 0,
      betas: [0.8, 0.9],
    });
    // the same kind once more changes nothing
    expect((await set("optimizer.kind=sgd")).optimizer).toEqual(publishedRecipe(model).optimizer);
    const config = written("adam.json", { optimizer: { kind: "adam" } });
    const { recipe } = await resolveRecipe({ model, config, set: ["optimizer.kind=sgd"] });
    expect(recipe.optimizer).toEqual({ kind: "sgd", lr: 0.01, momentum: 0.9, weightDecay: 1e-4 });
    expect(recipe.optimizer).toEqual(
      changeRecipe(changeRecipe(publishedRecipe(model), { optimizer: "adam" }), { optimizer: "sgd" }).optimizer,
    );
  });

  test("another limit on gradients takes the place of the first", async () => {
    const config = written("clipped.json", { clipGrad: { maxNorm: 5, normType: 3 } });
    const { recipe } = await resolveRecipe({ model, config, set: ["clipGrad.maxValue=1"] });
    expect(recipe.clipGrad).toEqual({ maxValue: 1 });
  });

  test.each([
    ["optimizer.weigthDecay=1", "optimizer.weigthDecay is unknown, did you mean optimizer.weightDecay?"],
    ["optimiser.lr=1", "optimiser is unknown, did you mean optimizer?"],
    ["lr=1", "lr is unknown, did you mean optimizer.lr?"],
    ["imageSize=1", "imageSize is unknown"],
    ["optimizer.weightDecay=x", 'optimizer.weightDecay: "x", expected a number of at least 0'],
    ["optimizer.weightDecay=-1", "optimizer.weightDecay: -1, expected a number of at least 0"],
    ["optimizer.lr=0", "optimizer.lr: 0, expected a number above 0"],
    ["optimizer.lr=NaN", 'optimizer.lr: "NaN", expected a number above 0'],
    ["optimizer.lr=1e999", "optimizer.lr: null, expected a number above 0"],
    ["loss.labelSmoothing=1", "loss.labelSmoothing: 1, expected a number of at least 0 and below 1"],
    ["batchSize=1.5", "batchSize: 1.5, expected a whole number of at least 1"],
    ["images.trainSize=5000", "images.trainSize: 5000, expected a whole number from 1 to 4096"],
    ["optimizer.nesterov=yes", 'optimizer.nesterov: "yes", expected true or false'],
    [
      "loss.mode=orignal",
      'loss.mode: "orignal", expected one of original, classyVision\n  hint: did you mean original?',
    ],
    ["optimizer.kind=adm", 'optimizer.kind: "adm", expected one of sgd, adam, adamw\n  hint: did you mean adam?'],
    ["optimizer.betas=[0.9,0.9]", "optimizer.betas is a field of adam and adamw, the kind here is sgd"],
    ["optimizer.momentum=0 optimizer.nesterov=true", "SGD: nesterov with momentum 0 and dampening 0"],
    ["optimizer.kind=adam optimizer.betas=[0.9]", "optimizer.betas: [0.9], expected a list of 2, each a number"],
    [
      "optimizer.kind=adam optimizer.betas=[0.9,1]",
      "optimizer.betas[1]: 1, expected a number of at least 0 and below 1",
    ],
    ["optimizer=5", "optimizer: 5, expected an object whose kind is sgd, adam, adamw"],
    ["images.evalSize={}", "images.evalSize: {}, expected a whole number"],
    ["images.randAugmentLevel=strong", 'images.randAugmentLevel: "strong", expected a number from 0 to 10 or null'],
    ["clipGrad={}", "clipGrad: {}, expected an object with maxNorm or maxValue"],
    [
      "images.switches[0].epoch=3",
      "an element of a list, expected the whole list\n  hint: --set 'images.switches=[…]'",
    ],
    ["schedule.lrSteps.epochs.0=3", "--set 'schedule.lrSteps.epochs=[…]'"],
    ['images.switches=[{"epoch":3}]', "images.switches[0].trainSize is missing, expected a whole number"],
    ["schedule.lrSteps.factor=0.1", "schedule.lrSteps.epochs is missing"],
    ["model=mobilone_s1", "hint: did you mean mobileone_s1?"],
    ["name=", "no value, expected FIELD=VALUE"],
    ["=5", "no field, expected FIELD=VALUE"],
    ["epochs", "no value, expected FIELD=VALUE"],
    ["run.seed=5", "run is no field of a recipe"],
    ["extends=x", "extends is no field of a recipe"],
    ["__proto__.epochs=5", "__proto__ is unknown"],
  ])("%s is refused", async (words, message) => {
    const error = await refusal(() => set(...words.split(" ")));
    expect(error.message).toContain(message);
    expect(error.summary.startsWith("--set ")).toBe(true);
  });

  test("switches and steps rise", async () => {
    const switches = [8, 4].map((epoch) => ({ epoch, trainSize: 64, randAugmentLevel: null }));
    const error = await refusal(() => set(`images.switches=${JSON.stringify(switches)}`));
    expect(error.message).toContain("images.switches: epoch 4 after epoch 8, expected rising epochs");
  });

  test("one line names all that is wrong, and nothing in it steers a terminal", async () => {
    const error = await refusal(() => set("epochs=x", "batchSize=y", "\u001bred=1"));
    expect(error.message).toContain("and 2 more: epochs, batchSize");
    expect((await refusal(() => set("name=5\u009b", "\u001bJ=1"))).message).not.toMatch(/[^\n\P{Cc}]/u);
  });
});

describe("--config", () => {
  test("what it does not name is the recipe's", async () => {
    const config = written("part.json", { $schema: "x", loss: { labelSmoothing: 0 }, images: { flipProbability: 0 } });
    const { recipe, changed } = await resolveRecipe({ model: "mobileone_s2", config });
    expect(recipe).toEqual({
      ...s2,
      loss: { ...s2.loss, labelSmoothing: 0 },
      images: { ...s2.images, flipProbability: 0 },
    });
    expect(changed).toEqual(["loss.labelSmoothing was 0.1, is 0", "images.flipProbability was 0.5, is 0"]);
  });

  test("recipe, extended files, file, --set, plain options: the later wins", async () => {
    mkdirSync(join(folder, "base"), { recursive: true });
    const own = { optimizer: { lr: 0.01 }, ema: { momentum: 0.1 }, run: { seed: 1, keep: 2 } };
    written("base/base.json", { extends: "mobileone_s2", ...own, batchSize: 8, epochs: 100 });
    const config = written("top.json", {
      extends: "./base/base.json",
      optimizer: { lr: 0.02 },
      batchSize: 9,
      run: { seed: 5 },
    });
    const request = { config, set: ["batchSize=10", "loss.labelSmoothing=0.2"], epochs: 30 };
    const { recipe, run } = await resolveRecipe(request);
    expect(recipe).toMatchObject({ name: "mobileone_s2", model: "mobileone_s2", epochs: 30, batchSize: 10 });
    expect([recipe.optimizer.lr, recipe.ema.momentum, recipe.loss.labelSmoothing]).toEqual([0.02, 0.1, 0.2]);
    expect(run).toEqual({ seed: 5, keep: 2 });
    expect((await resolveRecipe({ ...request, lr: 0.5 })).recipe.optimizer.lr).toBe(0.5);
  });

  test("another length moves the switches that the same file does not name", async () => {
    const at = async (config: unknown, words: string[] = []) =>
      (
        await resolveRecipe({ model: "mobileone_s2", config: written("len.json", config), set: words })
      ).recipe.images.switches.map(({ epoch }) => epoch);
    expect(s2.images.switches.map(({ epoch }) => epoch)).toEqual([36, 111]);
    expect(await at({ epochs: 100 })).toEqual([12, 37]);
    expect(await at({}, ["epochs=100"])).toEqual([12, 37]);
    expect(await at({ epochs: 100, images: { switches: s2.images.switches } })).toEqual([36, 111]);
  });

  test("extends a recipe by its name, in any form", async () => {
    const of = async (name: string) => (await resolveRecipe({ config: written("x.json", { extends: name }) })).recipe;
    expect(await of("mobileone_s4-as-shipped")).toEqual(publishedRecipe("mobileone_s4", "as-shipped"));
    expect(await of("resnet18-demo")).toEqual(demoRecipe("resnet18"));
    const error = await refusal(() => of("mobileon_s1"));
    expect(error.message).toMatch(
      /x\.json: extends: there is no recipe mobileon_s1, .*\n {2}hint: did you mean mobileone_s1\?$/,
    );
    const config = written("x.json", { extends: "mobileone_s1", model: "mobileone_s3" });
    expect((await resolveRecipe({ config })).recipe).toEqual({
      ...publishedRecipe("mobileone_s1"),
      model: "mobileone_s3",
    });
    const form = await refusal(() => resolveRecipe({ config, recipe: "as-shipped" }));
    expect(form.message).toContain("which extends mobileone_s1: expected one of them");
  });

  test("a model that the config names has its own recipe; an option names another", async () => {
    const config = written("m.json", { model: "mobileone_s1", epochs: 7 });
    const request = { config, defaultModel: "mobileone_s0" as ModelName };
    expect((await resolveRecipe(request)).recipe).toMatchObject({
      name: "mobileone_s1",
      model: "mobileone_s1",
      epochs: 7,
    });
    expect((await resolveRecipe({ ...request, model: "resnet18" })).recipe.model).toBe("resnet18");
    const none = await refusal(() => resolveRecipe({ config: written("n.json", {}) }));
    expect(none.message).toContain("no model, expected one");
  });

  test("paths of the run are seen from the file", async () => {
    mkdirSync(join(folder, "deep"), { recursive: true });
    written("deep/w.safetensors", "");
    const config = written("deep/run.json", { run: { data: "../pets", init: "w.safetensors", decoder: "jpeg-js" } });
    const { run } = await loadRecipeFile(config);
    expect(run).toEqual({
      data: join(folder, "pets"),
      init: join(folder, "deep", "w.safetensors"),
      decoder: "jpeg-js",
    });
    const named = written("deep/run.json", { run: { init: "hf://owner/repo/file" } });
    expect((await loadRecipeFile(named)).run.init).toBe("hf://owner/repo/file");
  });

  test.each([
    [
      '{\n "optimizer": {\n  "weightDecay": "x"\n }\n}',
      /c\.json:3: optimizer\.weightDecay: "x", expected a number of at least 0/,
    ],
    [
      '{\n\n "optimizer": { "weigthDecay": 1 } }',
      /c\.json:3: optimizer\.weigthDecay is unknown, did you mean optimizer\.weightDecay\?/,
    ],
    ['{\n "epochs": 3,\n "epoch": 5\n}', /c\.json:3: epoch is unknown, did you mean epochs\?/],
    [
      '{ "images": {\n "switches": [\n {"epoch": 1, "trainSize": 32,\n "randAugmentLevel": 11}]}}',
      /c\.json:4: images\.switches\[0\]\.randAugmentLevel: 11/,
    ],
    ['{\n "run": { "sed": 1 } }', /c\.json:2: run\.sed is unknown, did you mean run\.seed\?/],
    ['{ "run": { "seed": -1 } }', /run\.seed: -1, expected a whole number from 0 to 4294967295/],
    ['{ "run": 5 }', /run: 5, expected an object with data/],
    ['{ "extends": 5 }', /extends: 5, expected a recipe's name, a file or null/],
    ['{ "extends": null, "epochs": 5 }', /c\.json:1: name is missing, expected a text.*; and \d+ more: source, model/],
    ["[]", /c\.json:1: \[\], expected an object of recipe fields/],
    ['{ "epochs": 5, }', /c\.json:1: \}, expected a name in double quotes/],
    ['{ "extends": "gone.json" }', /c\.json: extends .*gone\.json: there is no such file/],
    ['{ "extends": "\\u001b[2J.json" }', /extends .*\\u001b\[2J\.json: there is no such file/],
    ['{ "extends": "./c.json" }', /it extends itself/],
  ])("%s is refused", async (text, message) => {
    const config = written("c.json", text);
    const error = await refusal(() => resolveRecipe({ model, config }));
    expect(error.message).toMatch(message);
    expect(error.summary).not.toContain("\n");
  });

  test("a file that is not there, or a folder", async () => {
    expect((await refusal(() => loadRecipeFile(join(folder, "none.json")))).message).toContain("there is no such file");
    expect((await refusal(() => loadRecipeFile(folder))).message).toContain("it is a folder");
  });
});

test("a NUL in a name of a file is refused where it is written", async () => {
  const data = written("nul.json", { run: { data: "pets\0x" } });
  expect((await refusal(() => loadRecipeFile(data))).summary).toMatch(
    /^\S*nul\.json:1: run\.data: "pets\\u0000x", expected/,
  );
  const base = written("nul-base.json", { extends: "base\0.json" });
  expect((await refusal(() => loadRecipeFile(base))).summary).toMatch(/no file is called so, expected a JSON file/);
});

describe("with options", () => {
  test.each([
    {},
    { epochs: 30, imageSize: 128, batchSize: 8, lr: 0.5, autoScaleLr: true, replicas: 4 },
    { optimizer: "adamw", weightDecay: 0.1, schedule: "one-cycle", accumulate: 2, mixup: 0.2, patience: 3 },
  ] as const)("and no config, %j give the recipe that they always gave, in the same bytes", async (options) => {
    for (const isDemo of [true, false]) {
      const base = (of: ModelName) => (isDemo ? demoRecipe(of) : publishedRecipe(of));
      const { recipe } = await resolveRecipe({ model: "mobileone_s2", base, ...options });
      const before = chooseRecipe(isDemo, { model: "mobileone_s2", recipe: "intended", ...options });
      expect(JSON.stringify(recipe)).toBe(JSON.stringify(before));
    }
  });

  test.each([
    [{ lr: 0.1 }, "optimizer.lr=0.2", "--lr says optimizer.lr as well"],
    [{ imageSize: 64 }, "images.evalSize=32", "--image-size says images.evalSize as well"],
    [{ plan: { warmupEpochs: 2 } }, "schedule.warmupEpochs=1", "--warmup-epochs says schedule.warmupEpochs as well"],
  ])("%j beside --set %s is refused", async (option, word, message) => {
    expect((await refusal(() => resolveRecipe({ model, ...option, set: [word] }))).message).toContain(message);
  });

  test("a warm-up that is asked for is not cut to a short run", async () => {
    const { recipe, plan } = await resolveRecipe({ model, set: ["schedule.warmupEpochs=3", "epochs=4"] });
    expect(planRecipe(recipe, 10, plan).schedule.warmupEpochs).toBe(3);
    expect(planRecipe(recipe, 10).schedule.warmupEpochs).toBe(1);
  });
});

describe("over the recipe of a run that goes on", () => {
  const request = { config: "", set: ["epochs=30", "optimizer.kind=adamw"] };

  test("what it was started with changes nothing, anything else differs", async () => {
    const config = written("again.json", {
      extends: "mobileone_s2",
      loss: { labelSmoothing: 0.2 },
      schedule: { warmupEpochs: 3 },
    });
    const { recipe, plan, layers } = await resolveRecipe({ ...request, config });
    const stored = planRecipe(recipe, 10, plan);
    expect(stored.images.switches.map(({ epoch }) => epoch)).toEqual([4, 11]);
    expect(laidOverStored(stored, layers)).toEqual(stored);
    const other = await resolveRecipe({ ...request, config, set: [...request.set, "optimizer.lr=0.5"] });
    expect(laidOverStored(stored, other.layers).optimizer.lr).toBe(0.5);
    const base = written("again.json", { extends: "mobileone_s1" });
    const { layers: named } = await resolveRecipe({ config: base });
    expect(laidOverStored(stored, named)).toMatchObject({ name: "mobileone_s1", model: "mobileone_s1" });
  });

  test("a layer without a base has to name everything", () => {
    const whole = { patch: { ...s2 } as never, whereOf: () => "here" };
    expect(applyLayer(null, whole)).toEqual(s2);
    expect(() => applyLayer(null, { ...whole, patch: { name: "x" } })).toThrow("here: source is missing");
  });
});
