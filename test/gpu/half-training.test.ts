/** Training with float16 on a device: steps that are left out, resumption to the same bytes, and what a run without it refuses. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import "../../src/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Recipe } from "../../src/models/recipe.js";
import type { TypedArray } from "../../src/tensor/dtype.js";
import {
  type Checkpoint,
  type CheckpointHeader,
  encodeCheckpoint,
  restoreCheckpoint,
} from "../../src/train/checkpoints/checkpoint-format.js";
import { soloGroup } from "../../src/train/replicas/process-group.js";
import { DivergedError } from "../../src/train/steps/finite.js";
import { Session } from "../../src/train/steps/session.js";
import { createStepper } from "../../src/train/steps/stepper.js";
import { train } from "../../src/train/trainer.js";
import { CLASSES, madeBatch, small } from "./made-batches.js";
import { noDriver } from "./software-vulkan.js";

const recipe: Recipe = { ...mobileoneS0Demo, precision: "float16" };
const sessionOf = (of: Recipe = recipe): Session =>
  new Session(of, new MobileOne(small, { numClasses: CLASSES, seed: 3 }), 10);

async function go(session: Session, to: number, replicas = 1): Promise<number[]> {
  const stepper = createStepper(session, replicas, soloGroup());
  const losses: number[] = [];
  while (session.step < to) {
    let replica = 0;
    const { step } = session;
    const next = async () => madeBatch(10 * step + replica++, 4, 32, 32);
    losses.push((await stepper.step(next, () => 0)).loss);
  }
  return losses;
}
const header = { recipe, seed: 0, replicas: 1 } as unknown as CheckpointHeader;
const checkpointOf = (session: Session): Promise<Checkpoint> => encodeCheckpoint(session, header, "checkpoint");

it("train refuses float16 where the backend has none, before it reads anything", async () => {
  const wasm = createWasmBackend({ threads: 1 });
  const options = { recipe, data: "no such folder", out: "none", seed: 0, workers: 0, loggers: [], backendLabel: "" };
  await withBackend(wasm as Backend, () =>
    expect(train(options)).rejects.toThrow('train: precision float16 on the backend "wasm", expected "gpu"'),
  );
  await wasm.dispose();
});

describe.skipIf(noDriver !== null)("training with float16", () => {
  let backend: GpuBackend;
  const on = <T>(body: () => Promise<T>): Promise<T> => withBackend(backend, body);
  beforeAll(async () => {
    backend = await createGpuBackend({ poison: true });
  });
  afterAll(async () => {
    await backend.dispose();
  });

  it("begins with the loss of float32 within a few thousandths, and stays near it, not at it", () =>
    on(async () => {
      const { precision: _, ...plain } = recipe;
      const [half, full] = [await go(sessionOf(), 4), await go(sessionOf(plain), 4)];
      expect(half).not.toEqual(full);
      half.forEach((loss, i) => {
        // at random weights a step carries each difference many times over
        expect(Math.abs(loss - full[i]!) / full[i]!).toBeLessThanOrEqual(i === 0 ? 5e-3 : 0.1);
      });
    }));

  it.each([1, 2])("goes on from a checkpoint, with %i replicas, to the bytes of a run that was never cut", (replicas) =>
    on(async () => {
      const whole = sessionOf();
      await go(whole, 6, replicas);
      const first = sessionOf();
      await go(first, 3, replicas);
      const cut = await checkpointOf(first);
      expect(cut.file.scaler).toEqual(first.scaler!.state());
      const resumed = sessionOf();
      restoreCheckpoint(cut, resumed);
      await go(resumed, 6, replicas);
      const [one, other] = [await checkpointOf(whole), await checkpointOf(resumed)];
      expect(Buffer.compare(other.bytes, one.bytes)).toBe(0);
      expect(other.file.scaler).toEqual(one.file.scaler);
    }));

  it("leaves out steps whose scaled gradients are not finite, and moves again at a smaller scale", () =>
    on(async () => {
      const session = sessionOf();
      const scale = 2 ** 30;
      session.scaler!.loadState({ scale, growthTracker: 0, skippedSteps: 0 });
      const weights = async (): Promise<TypedArray[]> => {
        const all: TypedArray[] = [];
        for (const { tensor } of session.model.namedParameters().values()) all.push(await tensor.data());
        return all;
      };
      const before = await weights();
      await go(session, 1);
      expect(session.scaler!.state()).toEqual({ scale: scale / 2, growthTracker: 0, skippedSteps: 1 });
      expect(await weights()).toEqual(before);
      await go(session, 20);
      const { skippedSteps, scale: now } = session.scaler!.state();
      expect(skippedSteps).toBeGreaterThan(1);
      expect(skippedSteps).toBeLessThan(20);
      expect(now).toBe(scale * 2 ** -skippedSteps);
      expect(await weights()).not.toEqual(before);
    }));

  it("ends where no scale gives finite gradients", () =>
    on(async () => {
      const session = sessionOf();
      session.scaler!.loadState({ scale: 1, growthTracker: 0, skippedSteps: 0 });
      expect(() => session.rescale(false)).toThrow(DivergedError);
    }));
});
