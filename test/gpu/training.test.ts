/**
 * Training on a device by the doors that `train` uses: bytes become numbers there, replicas move the weights as on wasm, and
 * a run that was cut ends with the bytes of one that was not.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { normalizeInto } from "../../src/data/transforms/normalize.js";
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
import { BatchInput } from "../../src/train/steps/input.js";
import { ReplicaUpdate } from "../../src/train/steps/replica-update.js";
import { Session } from "../../src/train/steps/session.js";
import { train } from "../../src/train/trainer.js";
import { relativeError } from "../conformance/numbers.js";
import { CLASSES, madeBatch, small } from "./made-batches.js";
import { noDriver } from "./software-vulkan.js";

describe.skipIf(noDriver !== null)("training on a device", () => {
  const root = mkdtempSync(join(tmpdir(), "tensorone-gpu-"));
  let backend: GpuBackend;
  beforeAll(async () => {
    backend = await createGpuBackend();
    expect(backend.mode).toBe("webgpu");
  });
  afterAll(async () => {
    await backend.dispose();
    rmSync(root, { recursive: true });
  });

  it("normalises bytes to the very numbers that the host makes of them", () =>
    withBackend(backend, async () => {
      const input = new BatchInput();
      // no whole number of words; every byte; more than one row of workgroups
      for (const [size, height, width, shared] of [
        [1, 5, 7, false],
        [2, 16, 16, true],
        [32, 224, 224, false],
      ] as const) {
        const batch = madeBatch(size, size, height, width, shared);
        const before = backend.stats.dispatches!;
        const { images, labels } = input.tensors(batch);
        const [values, classes] = await Promise.all([images.data(), labels.data()]);
        expect(backend.stats.dispatches! - before).toBe(1);
        const expected = normalizeInto(batch.images, new Float32Array(batch.images.length));
        expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(expected.buffer))).toBe(0);
        expect(classes).toEqual(batch.labels);
        for (const one of [images, labels]) one.dispose();
      }
    }));

  it.each<[string, Recipe]>([
    ["as they are", mobileoneS0Demo],
    [
      "that are mixed",
      { ...mobileoneS0Demo, batchAugments: { mixup: 0.8, cutmix: 1, probability: 1, switchProbability: 0.5 } },
    ],
  ])("moves the weights by two replicas as wasm does, from batches %s", async (_, recipe) => {
    const results = (where: Backend) =>
      withBackend(where, async () => {
        const session = new Session(recipe, new MobileOne(small, { numClasses: CLASSES, seed: 3 }), 10);
        const update = new ReplicaUpdate(session, 2, soloGroup());
        const losses = new Float64Array(3);
        for (let step = 0; step < 3; step++) {
          let replica = 0;
          const next = async () => madeBatch(10 * step + replica++, 4, 32, 32);
          losses[step] = (await update.run(next, () => 0)).loss;
        }
        const state: TypedArray[] = [];
        const { slots } = session.optimizer.state();
        for (const tensors of [session.model.stateDict(), ...slots.values(), session.ema.averages])
          for (const tensor of tensors.values()) state.push(await tensor.data());
        return { losses, state };
      });
    const wasm = createWasmBackend({ threads: 1 });
    const expected = await results(wasm);
    const actual = await results(backend);
    await wasm.dispose();
    expect(relativeError(actual.losses, expected.losses)).toBeLessThanOrEqual(1e-4);
    expect(actual.state.length).toBe(expected.state.length);
    const joined = (state: readonly TypedArray[]) => Float64Array.from(state.flatMap((values) => [...values]));
    expect(relativeError(joined(actual.state), joined(expected.state))).toBeLessThanOrEqual(1e-4);
  });

  it("goes on from a checkpoint, with two replicas, to the bytes of a run that was never cut", () =>
    withBackend(backend, async () => {
      const header = { recipe: mobileoneS0Demo, seed: 0, replicas: 2 } as unknown as CheckpointHeader;
      const sessionOf = (): Session =>
        new Session(mobileoneS0Demo, new MobileOne(small, { numClasses: CLASSES, seed: 3 }), 10);
      const go = async (session: Session, to: number): Promise<Checkpoint> => {
        const update = new ReplicaUpdate(session, 2, soloGroup());
        while (session.step < to) {
          let replica = 0;
          const { step } = session;
          const next = async () => madeBatch(10 * step + replica++, 4, 32, 32);
          await update.run(next, () => 0);
        }
        return encodeCheckpoint(session, header, "checkpoint");
      };
      const whole = await go(sessionOf(), 6);
      const resumed = sessionOf();
      restoreCheckpoint(await go(sessionOf(), 3), resumed);
      const { bytes } = await go(resumed, 6);
      expect(Buffer.compare(bytes, whole.bytes)).toBe(0);
    }));

  it.skipIf(process.env.GPU_STEPS === undefined)("does so through `train` (the long form, with GPU_STEPS set)", () =>
    withBackend(backend, async () => {
      const recipe = { ...mobileoneS0Demo, batchSize: 2, epochs: 1 };
      const data = join(import.meta.dirname, "../../demo/fashion-mnist");
      const run = (out: string, maxSteps: number, goesOn = false) =>
        train({
          ...{ recipe, data, out: join(root, out), seed: 0, replicas: 2, group: soloGroup(), workers: 0, maxSteps },
          ...{ loggers: [], backendLabel: backend.label, validate: false, ...(goesOn && { resume: true as const }) },
        });
      await run("whole", 2);
      await run("halves", 1);
      await run("halves", 2, true);
      const folder = (out: string): string => join(root, out, "checkpoints");
      const last = readdirSync(folder("whole")).filter((name) => name.startsWith("step_000002"));
      expect(last.length).toBe(2);
      for (const name of last) {
        const [one, other] = ["whole", "halves"].map((out) => readFileSync(join(folder(out), name)));
        expect(Buffer.compare(one!, other!), name).toBe(0);
      }
    }),
  );
});
