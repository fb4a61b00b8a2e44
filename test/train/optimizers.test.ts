/**
 * A session with every optimiser: a run that stops and goes on is, to the bit, the run that did not, alone, with replicas and
 * over ranks; its checkpoints hold every slot, hold no number that is none, and those from before Adam still load.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { setBackend, type Tensor } from "../../src/index.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/models/files/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Variant } from "../../src/models/mobileone/variants.js";
import type { Recipe } from "../../src/models/recipe.js";
import { type Checkpoint, encodeCheckpoint, restoreCheckpoint } from "../../src/train/checkpoints/checkpoint-format.js";
import { inTodaysForm } from "../../src/train/recipes/plan.js";
import { fingerprint } from "../../src/train/replicas/agreement.js";
import { type ProcessGroup, soloGroup } from "../../src/train/replicas/process-group.js";
import { replicaShare } from "../../src/train/replicas/replica-tree.js";
import { DivergedError } from "../../src/train/steps/finite.js";
import { Session } from "../../src/train/steps/session.js";
import { createStepper } from "../../src/train/steps/stepper.js";
import { madeBatch } from "./made-batch.js";
import { memoryGroups } from "./memory-group.js";

const CLASSES = 3;
const PER_EPOCH = 10;
const STEPS = 4;
/** Where a run stops and goes on. */
const STOP = 2;

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
});

const small: Variant = {
  widths: [0.25, 0.25, 0.25, 0.25],
  numConvBranches: 1,
  squeezeExciteUnits: [0, 0, 0, 0],
  units: [1, 1, 1, 1],
};

const rates = { lr: 2e-3, weightDecay: 1e-2 };
const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(
  (
    [
      ["sgd", { kind: "sgd", ...rates, momentum: 0.9, nesterov: true }],
      ["sgd with dampening", { kind: "sgd", ...rates, momentum: 0.9, dampening: 0.2 }],
      ["adam with amsgrad", { kind: "adam", ...rates, amsgrad: true }],
      ["adamw", { kind: "adamw", ...rates, betas: [0.9, 0.95] }],
    ] as const
  ).map(([name, optimizer]) => [name, { ...mobileoneS0Demo, optimizer, clipGrad: { maxNorm: 0.5 } }]),
);
const names = Object.keys(recipes);

const sessionOf = (recipe: Recipe): Session =>
  new Session(recipe, new MobileOne(small, { numClasses: CLASSES, seed: 3 }), PER_EPOCH);
const headerOf = (recipe: Recipe, replicas = 1) => ({
  ...{ recipe, seed: 0, replicas, numClasses: CLASSES, classes: ["a", "b", "c"], trainImages: 40 },
  decoder: "jpeg-js" as const,
});

/** Moves the sessions of all ranks on to step `until`, each by its own share of the replicas. */
async function advance(sessions: readonly Session[], replicas: number, groups: readonly ProcessGroup[], until: number) {
  await Promise.all(
    groups.map(async (group, rank) => {
      const session = sessions[rank]!;
      const stepper = createStepper(session, replicas, group);
      const { first } = replicaShare(replicas, group.worldSize, group.rank);
      while (session.step < until) {
        let replica = first;
        const { step } = session;
        await stepper.step(
          async () => madeBatch(CLASSES, replica++, step),
          () => 0,
        );
      }
    }),
  );
}

/** Hashes of all that a checkpoint holds: five million numbers are too many to compare one by one. */
async function stateOf({ model, optimizer, ema, step }: Session) {
  const { slots, steps } = optimizer.state();
  const hashes = async (tensors: ReadonlyMap<string, Tensor>) =>
    Object.fromEntries(
      await Promise.all([...tensors].map(async ([name, x]) => [name, await fingerprint([x])] as const)),
    );
  return {
    step,
    model: await hashes(model.stateDict()),
    averages: await hashes(ema.averages),
    slots: await Promise.all([...slots].map(async ([slot, tensors]) => [slot, await hashes(tensors)] as const)),
    steps: Object.fromEntries(steps),
  };
}

const saved = (session: Session, replicas = 1): Promise<Checkpoint> =>
  encodeCheckpoint(session, headerOf(session.recipe, replicas), "here");

describe.each(names)("a session with %s", (name) => {
  const recipe = recipes[name]!;

  it.each([
    { replicas: 1, ranks: 1 },
    { replicas: 2, ranks: 1 },
    { replicas: 2, ranks: 2 },
  ])("goes on from its checkpoint to the bit: replicas $replicas, ranks $ranks", async ({ replicas, ranks }) => {
    const groups = () => (ranks === 1 ? [soloGroup()] : memoryGroups(ranks));
    const fresh = () => Array.from({ length: ranks }, () => sessionOf(recipe));
    const whole = fresh();
    await advance(whole, replicas, groups(), STEPS);
    const stopped = fresh();
    await advance(stopped, replicas, groups(), STOP);
    const checkpoint = await saved(stopped[0]!, replicas);
    const resumed = fresh();
    for (const session of resumed) restoreCheckpoint(checkpoint, session);
    await advance(resumed, replicas, groups(), STEPS);
    const expected = await stateOf(whole[0]!);
    expect(await stateOf(resumed[0]!)).toEqual(expected);
    expect(Object.keys(expected.steps).length > 0).toBe(recipe.optimizer.kind !== "sgd");
    if (ranks > 1) {
      const alone = [sessionOf(recipe)];
      await advance(alone, replicas, [soloGroup()], STEPS);
      expect(await stateOf(alone[0]!)).toEqual(expected);
    }
  });

  it("clips: another limit gives other weights", async () => {
    const { clipGrad: _, ...rest } = recipe;
    const hashes = [];
    for (const one of [recipe, rest, { ...rest, clipGrad: { maxValue: 1e-3 } }]) {
      const sessions = [sessionOf(one)];
      await advance(sessions, 1, [soloGroup()], 2);
      hashes.push((await stateOf(sessions[0]!)).model["head.fc.weight"]);
    }
    expect(new Set(hashes).size).toBe(3);
  });

  it("saves no slot that is not finite, and names it", async () => {
    const sessions = [sessionOf(recipe)];
    await advance(sessions, 1, [soloGroup()], 1);
    const [session] = sessions as [Session];
    const { slots } = session.optimizer.state();
    expect(slots.size).toBe(session.optimizer.slots.length);
    for (const [slot, tensors] of slots) {
      const x = tensors.get("head.fc.bias")!;
      const before = x.dataSync();
      x.write(new Float32Array(CLASSES).fill(Number.NaN));
      const error = await saved(session).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(DivergedError);
      expect(String(error)).toContain(`${slot} of head.fc.bias[0] is NaN`);
      x.write(before);
    }
    const { entries } = decodeSafetensors((await saved(session)).bytes, "here");
    for (const slot of slots.keys()) expect([...entries.keys()]).toContain(`optimizer.${slot}.head.fc.bias`);
  });
});

describe("checkpoints from before there was more than one optimiser", () => {
  it("load: momentum under its own prefix, a recipe whose optimiser has no name", async () => {
    const recipe = recipes.sgd!;
    const sessions = [sessionOf(recipe)];
    await advance(sessions, 1, [soloGroup()], STOP);
    const { file, bytes } = await saved(sessions[0]!);
    const { entries, metadata } = decodeSafetensors(bytes, "here");
    const old = new Map([...entries].map(([name, x]) => [name.replace("optimizer.momentumBuffer.", "momentum."), x]));
    expect([...old.keys()].filter((name) => name.startsWith("optimizer."))).toEqual([]);
    const { kind: _, ...unnamed } = recipe.optimizer;
    const stored = JSON.parse(JSON.stringify({ ...recipe, optimizer: unnamed })) as Recipe;
    expect(inTodaysForm(stored)).toMatchObject({ optimizer: recipe.optimizer });
    const resumed = [sessionOf(inTodaysForm(stored))];
    restoreCheckpoint({ file, bytes: encodeSafetensors(old, metadata) }, resumed[0]!);
    await advance(sessions, 1, [soloGroup()], STEPS);
    await advance(resumed, 1, [soloGroup()], STEPS);
    expect(await stateOf(resumed[0]!)).toEqual(await stateOf(sessions[0]!));
  });

  it("do not go on with another optimiser", async () => {
    const sessions = [sessionOf(recipes.sgd!)];
    await advance(sessions, 1, [soloGroup()], 1);
    const checkpoint = await saved(sessions[0]!);
    expect(() => restoreCheckpoint(checkpoint, sessionOf(recipes.adamw!))).toThrow(
      /AdamW: the state has momentumBuffer, expected expAvg, expAvgSq/,
    );
  });
});
