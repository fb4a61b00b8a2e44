/**
 * What every backend has to refuse: models and sessions with NaN or an infinity at every place, as a suite that is given a
 * backend.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { DataLoader, type DataLoaderOptions } from "../../src/data/reading/loader.js";
import { ImageFolder } from "../../src/data/sets/image-folder.js";
import { evalTransform } from "../../src/data/transforms/index.js";
import { randn, type Tensor, withBackend } from "../../src/index.js";
import { FoldError, MobileOne, type MobileOneBlock, reparameterize, type Variant } from "../../src/models/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { BatchNorm2d } from "../../src/nn/index.js";
import { DivergedError } from "../../src/node.js";
import { type CheckpointHeader, encodeCheckpoint } from "../../src/train/checkpoints/checkpoint-format.js";
import { evaluate } from "../../src/train/evaluate.js";
import { Session } from "../../src/train/steps/session.js";
import { randomizeStatistics } from "../models/random-statistics.js";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const images = join(import.meta.dirname, "..", "golden", "data", "images");

/** Two classes of two pictures, to train and to validate on. */
export function makePets(folder: string): void {
  for (const split of ["train", "val"])
    for (const [name, files] of [
      ["cat", ["rgb.jpg", "s420.jpg"]],
      ["dog", ["grey.jpg", "s444.jpg"]],
    ] as const) {
      mkdirSync(join(folder, split, name), { recursive: true });
      for (const file of files) copyFileSync(join(images, file), join(folder, split, name, file));
    }
}

/** Batches of the pictures in `pets`. */
export const petsLoader = (pets: string, options: Partial<DataLoaderOptions> = {}): DataLoader =>
  new DataLoader(ImageFolder.open(pets, "val"), {
    ...{ batchSize: 2, workers: 0, transform: evalTransform({ imageSize: 32, resizeSize: 32 }) },
    ...options,
  });

/** Overwrites the middle of a tensor, as a bad gradient or bad memory would. */
export async function spoil(tensor: Tensor, value: number): Promise<void> {
  const values = await tensor.data();
  values[values.length >> 1] = value;
  tensor.write(values);
}

export const WEIGHT = "backbone.stage1.0.branch_scale.conv.weight";
export const STATISTIC = "backbone.stage1.0.branch_scale.norm.running_var";

/** Where something can be planted in a session, and how the first of it is called. */
export const places: Readonly<
  Record<string, { readonly tensor: (session: Session) => Tensor; readonly name: string }>
> = {
  weight: { tensor: ({ model }) => model.stateDict().get(WEIGHT)!, name: WEIGHT },
  statistic: { tensor: ({ model }) => model.stateDict().get(STATISTIC)!, name: STATISTIC },
  average: { tensor: ({ ema }) => ema.averages.get(WEIGHT)!, name: `average of ${WEIGHT}` },
  momentum: {
    tensor: ({ optimizer }) => optimizer.state().slots.get("momentumBuffer")!.get(WEIGHT)!,
    name: `momentumBuffer of ${WEIGHT}`,
  },
};
export const placesAndValues = Object.keys(places).flatMap((place) =>
  [nan, -inf].map((value) => [place, value] as const),
);

export const small: Variant = {
  widths: [0.25, 0.25, 0.25, 0.25],
  numConvBranches: 1,
  squeezeExciteUnits: [0, 0, 0, 1],
  units: [1, 1, 1, 1],
};
export const modelOf = (): MobileOne => {
  const model = new MobileOne(small, { numClasses: 2, seed: 3 }).eval();
  randomizeStatistics(model);
  return model;
};
export const header: CheckpointHeader = {
  ...{ recipe: mobileoneS0Demo, seed: 0, replicas: 1, numClasses: 2, classes: ["a", "b"], trainImages: 9 },
  decoder: "jpeg-js",
};

/** Batch norms that are finite, and whose blocks multiply by more than a float32 can hold. */
export function inflate(model: MobileOne): void {
  for (const norm of model.namedModules().values())
    if (norm instanceof BatchNorm2d) {
      norm.runningVar.write(new Float32Array(norm.runningVar.size));
      norm.weight.write(new Float32Array(norm.weight.size).fill(1e6));
    }
}

/** The suite; it must be called inside describe. */
export function refusalsOn(backendOf: () => Backend): void {
  const pets = mkdtempSync(join(tmpdir(), "tensorone-spoilt-"));
  beforeAll(() => makePets(pets));
  afterAll(() => rmSync(pets, { recursive: true }));
  const probe = { batchSize: 1, imageSize: 32 };

  it.each([
    ["head.fc.weight", nan],
    ["backbone.stage4.1.se.conv1.conv.weight", -inf],
    [WEIGHT, inf],
    ["backbone.stage2.0.branch_scale.norm.running_mean", nan],
    [STATISTIC, inf],
  ])("reparameterize and evaluate name %s with %d in it", async (name, value) =>
    withBackend(backendOf(), async () => {
      const model = modelOf();
      await spoil(model.stateDict().get(name)!, value);
      const said = new RegExp(`${name.replaceAll(".", "\\.")}\\[.*\\] is ${value}`);
      const error = await reparameterize(model, { probe }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(FoldError);
      expect((error as Error).message).toMatch(said);
      await expect(evaluate(model, petsLoader(pets))).rejects.toThrow(said);
    }));

  it("nor is there a certificate or a figure for what grows beyond all numbers, or for a variance below 0", () =>
    withBackend(backendOf(), async () => {
      const model = modelOf();
      inflate(model);
      await expect(reparameterize(model, { probe })).rejects.toThrow(/reparameterize: .*stage\d.* is .*Infinity/);
      await expect(evaluate(model, petsLoader(pets))).rejects.toThrow(
        /evaluate: .*\.jpg: logit \d is (NaN|-?Infinity)/,
      );
      const negative = modelOf();
      await spoil(negative.stateDict().get(STATISTIC)!, -1);
      await expect(reparameterize(negative, { probe })).rejects.toThrow(FoldError);
      await expect(evaluate(negative, petsLoader(pets))).rejects.toThrow(/running_var\[\d+\] is -1/);
    }));

  it("a fold that leaves float32, and a probe that is spoilt, have no certificate", () =>
    withBackend(backendOf(), async () => {
      const model = modelOf();
      const { conv, norm } = (model.blocks[1] as MobileOneBlock).convs[0]!;
      conv.weight.write(new Float32Array(conv.weight.size).fill(1e30));
      norm.weight.write(new Float32Array(norm.weight.size).fill(1e20));
      await expect(reparameterize(model, { probe })).rejects.toThrow(/branch_reparam\.weight\[.*\] is Infinity/);
      const spoilt = randn([1, 32, 32, 3]);
      await spoil(spoilt, nan);
      await expect(reparameterize(modelOf(), { probe: spoilt })).rejects.toThrow(/the probe\[0, 16, 0, 0\] is NaN/);
      expect((await reparameterize(modelOf(), { probe })).certificate.relativeError).toBeLessThan(1e-4);
    }));

  it.each(placesAndValues)("no checkpoint holds a %s of %d", async (place, value) =>
    withBackend(backendOf(), async () => {
      const session = new Session(mobileoneS0Demo, modelOf(), 10);
      // momentum buffers are in a checkpoint once there are any
      const buffers = new Map([...session.model.namedParameters()].map(([name, { tensor }]) => [name, tensor]));
      session.optimizer.loadState({ slots: new Map([["momentumBuffer", buffers]]), steps: new Map() });
      await encodeCheckpoint(session, header, "sound");
      const { tensor, name } = places[place]!;
      await spoil(tensor(session), value);
      const error = await encodeCheckpoint(session, header, "spoilt").catch((e: unknown) => e);
      expect(error).toBeInstanceOf(DivergedError);
      expect((error as Error).message).toContain(`train: ${name}[`);
      expect((error as Error).message).toContain(`is ${value}`);
    }));
}
