/** The JSON of a checkpoint: its hash, the ranges of its fields, and how they hang together; files from before still load. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { type CheckpointFile, expectStorable } from "../../src/train/checkpoints/checkpoint-fields.js";
import { checkpointText, DamagedError, decodeCheckpointFile } from "../../src/train/checkpoints/checkpoint-format.js";
import { inTodaysForm } from "../../src/train/recipes/plan.js";

const sound: CheckpointFile = {
  format: "tensorone-checkpoint-1",
  tensors: "epoch_002.safetensors",
  sha256: "ab".repeat(32),
  progress: { step: 130, epoch: 2, stepInEpoch: 4, stepsPerEpoch: 63 },
  averages: {
    epoch: { steps: 4, loss: 9.25, accuracy: 0.5 },
    recent: { weight: 0.75, loss: 1.5, accuracy: 0.25 },
  },
  ema: { steps: 130 },
  watch: {
    step: 126,
    best: { metric: "top1", value: 51.5, step: 63, isRaw: false },
    stopping: { value: 51.5, waited: 1 },
  },
  optimizer: { kind: "sgd", parameters: 200 },
  recipe: inTodaysForm(mobileoneS0Demo),
  seed: 7,
  replicas: 2,
  numClasses: 2,
  classes: ["a", "b"],
  trainImages: 4000,
  decoder: "jpeg-js",
};

const bytesOf = (file: object): Uint8Array => new TextEncoder().encode(checkpointText(file as CheckpointFile));
const messageOf = (bytes: Uint8Array): string => {
  try {
    decodeCheckpointFile(bytes, "c.json");
  } catch (error) {
    expect(error).toBeInstanceOf(DamagedError);
    return (error as DamagedError).message;
  }
  return "";
};
/** The file with one field at a dotted path changed; undefined takes it away. */
function changed(path: string, value: unknown): object {
  const copy = structuredClone(sound) as unknown as Record<string, unknown>;
  const parts = path.split(".");
  const holder = parts.slice(0, -1).reduce((at, part) => at[part] as Record<string, unknown>, copy);
  holder[parts.at(-1)!] = value;
  return copy;
}

describe("the JSON of a checkpoint", () => {
  it("comes back, sealed, and ends with its hash", () => {
    const { fileSha256, ...found } = decodeCheckpointFile(bytesOf(sound), "c.json");
    expect(found).toEqual(sound);
    expect(checkpointText(sound)).toContain(`"fileSha256": "${fileSha256}"`);
    expect(checkpointText({ ...sound, fileSha256: "0" })).toBe(checkpointText(sound));
    expect(checkpointText(sound)).toMatch(/\n "fileSha256": "[0-9a-f]{64}"\n}\n$/);
  });

  it("notices every single flipped bit and names the file", () => {
    const bytes = bytesOf(sound);
    const flipped = bytes.slice();
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(messageOf(flipped), `bit ${bit}`).toContain("c.json: ");
      flipped[bit >> 3] = bytes[bit >> 3]!;
    }
  });

  // each sealed anew: what the hash cannot find
  it.each([
    ["progress.step", -3, /progress\.step: -3, expected a whole number of at least 0/],
    ["progress.step", 131, /progress\.step: 131, expected epoch 2 x 63 steps \+ 4/],
    ["progress.stepInEpoch", 67, /progress\.step: 130, expected epoch 2 x 63 steps \+ 67/],
    ["progress.stepsPerEpoch", 0, /progress\.stepsPerEpoch: 0/],
    ["ema", {}, /ema\.steps is missing/],
    ["ema.steps", 131, /ema\.steps: 131, beyond step 130/],
    ["averages.epoch.steps", 131, /averages\.epoch\.steps: 131, beyond step 130/],
    ["averages.recent.weight", 2, /averages\.recent\.weight: 2/],
    ["watch.step", 131, /watch\.step: 131, beyond step 130/],
    ["watch.best.step", 127, /watch\.best\.step: 127, beyond watch\.step/],
    ["recipe.optimizer.lr", -0.1, /recipe\.optimizer\.lr: -0\.1, expected a number above 0/],
    ["recipe.epochs", 1.5, /recipe\.epochs: 1\.5/],
    ["recipe.epochs", 2, /progress\.step: 130, beyond the run's last, 126/],
    ["recipe.epoch", 2, /recipe\.epoch is unknown/],
    ["optimizer.kind", "adam", /optimizer\.kind: adam, expected the recipe's sgd/],
    ["seed", -1, /seed: -1/],
    ["replicas", 0, /replicas: 0/],
    ["classes", ["a"], /numClasses: 2, expected the 1 of classes/],
    ["classes", ["a", 3], /classes\[1\]: 3/],
    ["tensors", "../x.safetensors", /tensors: .*expected NAME\.safetensors/],
    ["sha256", "AB".repeat(32), /sha256: .*expected 64 hex digits/],
    ["decoder", "mine", /decoder: "mine", expected one of/],
    ["other", 1, /other is unknown/],
    ["trainImages", undefined, /trainImages is missing/],
    ["format", "tensorone-checkpoint-9", /format "tensorone-checkpoint-9", expected/],
  ])("refuses %s as %j", (path, value, message) => {
    expect(messageOf(bytesOf(changed(path, value)))).toMatch(message);
  });

  it("refuses a name twice", () => {
    const text = checkpointText(sound).replace('"seed": 7', '"seed": 7, "seed": 7');
    expect(messageOf(new TextEncoder().encode(text))).toMatch(/"seed" stands twice/);
  });

  it("names what its hash and its ranges both find", () => {
    const text = checkpointText(sound).replace('"step": 130', '"step": -30');
    expect(messageOf(new TextEncoder().encode(text))).toMatch(/does not match its hash.*progress\.step: -30/);
  });

  const versions = join(import.meta.dirname, "../golden/versions");
  it.each(readdirSync(versions).filter((name) => !name.endsWith(".mjs")))("of version %s is read", (commit) => {
    const folder = join(versions, commit, "run", "checkpoints");
    for (const name of readdirSync(folder).filter((one) => one.endsWith(".json")))
      expect(decodeCheckpointFile(readFileSync(join(folder, name)), name).recipe.model).toMatch(/^mobileone_/);
  });

  it("is asked for before a run begins", () => {
    const { recipe, seed, replicas, numClasses, classes, trainImages } = sound;
    const header = { recipe, seed, replicas, numClasses, classes, trainImages, decoder: "jpeg-js" } as const;
    expectStorable(header);
    expect(() => expectStorable({ ...header, seed: -1 })).toThrow(/train: seed: -1, expected a whole number/);
    expect(() => expectStorable({ ...header, recipe: { ...recipe, batchSize: Number.NaN } })).toThrow(
      /recipe\.batchSize/,
    );
  });
});

it("is the same text when it was read and is written again", () => {
  expect(checkpointText(decodeCheckpointFile(bytesOf(sound), "c.json"))).toBe(checkpointText(sound));
});
