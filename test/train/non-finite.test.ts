/**
 * NaN and infinities planted in a run and in a model, at every place and stage, on every backend that can be had: the run
 * ends with DivergedError on all ranks before a checkpoint or model is written, models are refused by name.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { createGpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { setBackend } from "../../src/index.js";
import { decodeInto, decodeSafetensors, encodeModel } from "../../src/models/files/index.js";
import { MobileOne } from "../../src/models/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { DivergedError, loadCheckpoint, saveCheckpoint } from "../../src/node.js";
import { CheckpointFolder } from "../../src/train/checkpoints/checkpoint.js";
import { readCheckpoint } from "../../src/train/checkpoints/checkpoint-format.js";
import { evaluateShared } from "../../src/train/evaluate.js";
import { countTopK, sumCrossEntropy } from "../../src/train/steps/metrics.js";
import { Session } from "../../src/train/steps/session.js";
import { type TrainOptions, train } from "../../src/train/trainer.js";
import { memoryGroups } from "./memory-group.js";
import {
  header,
  inflate,
  makePets,
  modelOf,
  petsLoader,
  places,
  placesAndValues,
  refusalsOn,
  STATISTIC,
  small,
  spoil,
  WEIGHT,
} from "./spoilt-models.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-non-finite-"));
const pets = join(root, "pets");
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  makePets(pets);
});
afterAll(() => rmSync(root, { recursive: true }));

describe("train", () => {
  const recipe = {
    ...mobileoneS0Demo,
    batchSize: 2,
    epochs: 2,
    // two pictures a step are sound at this rate
    optimizer: { ...mobileoneS0Demo.optimizer, lr: 1e-3 },
    images: { ...mobileoneS0Demo.images, trainSize: 32, evalSize: 32, evalResize: 32 },
  };
  const { beginStep } = Session.prototype;
  let sessions: Session[] = [];

  /** Runs two epochs of two steps, planting at a moment; what was thrown, and what lies in the folder. */
  async function run(out: string, plant: (session: Session) => Promise<void>, options: Partial<TrainOptions>) {
    sessions = [];
    vi.spyOn(Session.prototype, "beginStep").mockImplementation(function (this: Session) {
      if (!sessions.includes(this)) sessions.push(this);
      return beginStep.call(this);
    });
    const folder = join(root, out);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "model.safetensors"), "what was there before");
    const outcome = await train({
      ...{ recipe, data: pets, out: folder, seed: 0, workers: 0, loggers: [], backendLabel: "wasm", validate: false },
      ...options,
      ...(options.loggers === undefined && { loggers: [{ onStep: ({ step }) => plantAt(step, plant) }] }),
    }).catch((error: unknown) => error);
    expect(readFileSync(join(folder, "model.safetensors"), "utf8")).toBe("what was there before");
    expect(existsSync(join(folder, "model-deploy.safetensors"))).toBe(false);
    const checkpoints = join(folder, "checkpoints");
    return { outcome, saved: existsSync(checkpoints) ? readdirSync(checkpoints) : [] };
  }
  let at = 0;
  const plantAt = async (step: number, plant: (session: Session) => Promise<void>) => {
    if (step === at) for (const session of sessions) await plant(session);
  };
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(placesAndValues)("stops before it saves a %s of %d planted after the last step", async (place, value) => {
    at = 1;
    const { tensor, name } = places[place]!;
    const { outcome, saved } = await run(`last-${place}-${value}`, (session) => spoil(tensor(session), value), {
      maxSteps: 1,
    });
    expect(outcome).toBeInstanceOf(DivergedError);
    const { message } = outcome as DivergedError;
    // the averages are folded first
    expect(message).toContain(place === "average" ? WEIGHT : name);
    expect(message).toMatch(new RegExp(`is ${value}.* after step 1|after step 1.* is ${value}`));
    expect(message).toMatch(/hint: .*--lr; no checkpoint was written$/);
    expect(saved).toEqual([]);
  });

  it.each(
    Object.keys(places),
  )("stops, and keeps the checkpoint before, for a %s planted in the second epoch", async (place) => {
    at = 3;
    const { outcome, saved } = await run(`later-${place}`, (session) => spoil(places[place]!.tensor(session), nan), {});
    expect(outcome).toBeInstanceOf(DivergedError);
    expect((outcome as Error).message).toMatch(/epoch_001\.safetensors is untouched$/);
    const pictures = expect.stringMatching(/^pictures-[0-9a-f]+\.gz$/);
    expect(saved.sort()).toEqual(["epoch_001.json", "epoch_001.safetensors", pictures]);
    await readCheckpoint(join(root, `later-${place}`, "checkpoints", "epoch_001.json"));
  });

  it("stops before the validation of averages or raw weights that are spoilt", async () => {
    for (const [out, place] of [
      ["averages", "average"],
      ["raw", "statistic"],
    ] as const) {
      const told: string[] = [];
      const { outcome, saved } = await run(out, async () => {}, {
        ...{ maxSteps: 1, validate: true, validateRaw: true },
        loggers: [
          {
            onStep: () => spoil(places[place]!.tensor(sessions[0]!), inf),
            onValidation: () => void told.push("validation"),
            onCheckpoint: () => void told.push("checkpoint"),
          },
        ],
      });
      expect(outcome, out).toBeInstanceOf(DivergedError);
      expect(told).toEqual([]);
      expect(saved).toEqual([]);
    }
  });

  it("stops on all ranks", async () => {
    const groups = memoryGroups(2);
    at = 1;
    const outcomes = await Promise.all(
      groups.map((group) =>
        run("ranks", (session) => spoil(places.momentum!.tensor(session), nan), { group, replicas: 2, maxSteps: 1 }),
      ),
    );
    for (const { outcome, saved } of outcomes) {
      expect(String(outcome)).toMatch(/train: momentumBuffer of .* is NaN/);
      expect(saved).toEqual([]);
    }
  });
});

const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  reference: async () => referenceBackend,
  wasm: async () => createWasmBackend({ threads: 1 }),
  "gpu, gpu.js mode cpu": () => createGpuBackend({ mode: "cpu" }),
};

describe.each(Object.keys(backends))("on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await backends[name]!();
  });
  afterAll(async () => {
    await backend.dispose?.();
  });
  refusalsOn(() => backend);
});

describe("a validation shared by three processes", () => {
  it("fails on all of them for a picture that one of them has", async () => {
    const model = modelOf();
    inflate(model);
    const outcomes = await Promise.allSettled(
      memoryGroups(3).map((group) => {
        const loader = petsLoader(pets, { replicas: 3, rank: group.rank, pad: false, batchSize: 1 });
        return evaluateShared(model, loader, { group });
      }),
    );
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { name: "NonFiniteError" } });
  });
});

describe("the folder of checkpoints", () => {
  it("keeps what it has just written, where newer ones were passed over", async () => {
    const folder = join(root, "passed-over");
    const session = new Session(mobileoneS0Demo, modelOf(), 1000);
    const save = (step: number) => {
      session.step = step;
      return new CheckpointFolder(folder, 1).save(session, header, false);
    };
    for (const step of [10, 20]) await save(step);
    await save(15);
    expect(
      readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .sort(),
    ).toEqual(["step_000015.json", "step_000020.json"]);
  });
});

describe("files of a model", () => {
  it("are neither written nor read with numbers that are not finite, unless that is asked for", async () => {
    const path = join(root, "one.safetensors");
    const model = modelOf();
    await saveCheckpoint(model, path);
    const before = readFileSync(path);
    await spoil(model.stateDict().get(STATISTIC)!, nan);
    await expect(saveCheckpoint(model, path)).rejects.toThrow(/one\.safetensors: .*running_var\[\d+\] is NaN/);
    await expect(encodeModel(model)).rejects.toThrow(/running_var\[\d+\] is NaN/);
    expect(readFileSync(path).equals(before)).toBe(true);
    await saveCheckpoint(model, path, { allowNonFinite: true });
    const fresh = modelOf();
    const numbers = fresh.stateDict().get(STATISTIC)!.dataSync();
    await expect(loadCheckpoint(fresh, path)).rejects.toThrow(/one\.safetensors: .*running_var\[\d+\] is NaN/);
    expect(() => decodeInto(fresh, readFileSync(path))).toThrow(/is NaN/);
    expect(fresh.stateDict().get(STATISTIC)!.dataSync()).toEqual(numbers);
    await loadCheckpoint(fresh, path, { allowNonFinite: true });
    expect(fresh.stateDict().get(STATISTIC)!.dataSync().some(Number.isNaN)).toBe(true);
    expect(decodeSafetensors(await encodeModel(model, {}, { allowNonFinite: true })).entries.size).toBeGreaterThan(0);
  });

  it("of doubles beyond float32 load into a model of doubles alone", async () => {
    const path = join(root, "doubles.safetensors");
    const double = new MobileOne(small, { numClasses: 2, dtype: "float64" });
    double.stateDict().get("head.fc.bias")!.write(Float64Array.of(1e300, 0));
    await saveCheckpoint(double, path);
    await loadCheckpoint(new MobileOne(small, { numClasses: 2, dtype: "float64" }), path);
    await expect(loadCheckpoint(modelOf(), path)).rejects.toThrow(/head\.fc\.bias\[0\] is 1e\+300, beyond float32/);
  });
});

describe("metrics", () => {
  it.each([nan, inf, -inf])("a row with %d in it is right for no k", (odd) => {
    for (const k of [1, 2, 5]) {
      expect(countTopK(Float32Array.of(3, 1, odd, 0, 4, 2), [0, 1], k)).toBe(1);
      expect(countTopK(Float32Array.of(odd, 1, 2), [0], k)).toBe(0);
    }
  });

  it("NaN in a row makes the sum of losses NaN, wherever it is", () => {
    for (let at = 0; at < 3; at++)
      for (let label = 0; label < 3; label++) {
        const logits = Float32Array.of(1, 2, 3, 1, 2, 3);
        logits[3 + at] = nan;
        expect(sumCrossEntropy(logits, [0, label])).toBeNaN();
      }
    expect(sumCrossEntropy(Float32Array.of(0, -inf), [1])).toBe(inf);
  });
});
