/**
 * NaN and infinities planted in a run and in a model, at every place and stage, on every backend that can be had: the run
 * ends with DivergedError on all ranks before a checkpoint or model is written, models are refused by name.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { createGpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { ImageFolder } from "../../src/data/image-folder.js";
import { DataLoader } from "../../src/data/loader.js";
import { evalTransform } from "../../src/data/transforms/index.js";
import { randn, setBackend, type Tensor, withBackend } from "../../src/index.js";
import { decodeInto, decodeSafetensors, encodeModel } from "../../src/io/index.js";
import { FoldError, MobileOne, type MobileOneBlock, reparameterize, type Variant } from "../../src/models/index.js";
import { BatchNorm2d } from "../../src/nn/index.js";
import { DivergedError, loadCheckpoint, saveCheckpoint } from "../../src/node.js";
import { CheckpointFolder } from "../../src/train/checkpoint.js";
import { type CheckpointHeader, encodeCheckpoint, readCheckpoint } from "../../src/train/checkpoint-format.js";
import { evaluate, evaluateShared } from "../../src/train/evaluate.js";
import { countTopK, sumCrossEntropy } from "../../src/train/metrics.js";
import { mobileoneS0Demo } from "../../src/train/recipes/mobileone-s0.js";
import { Session } from "../../src/train/session.js";
import { type TrainOptions, train } from "../../src/train/trainer.js";
import { randomizeStatistics } from "../models/random-statistics.js";
import { memoryGroups } from "./memory-group.js";

const images = join(import.meta.dirname, "..", "golden", "data", "images");
const root = mkdtempSync(join(tmpdir(), "tensorone-non-finite-"));
const pets = join(root, "pets");
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  for (const split of ["train", "val"])
    for (const [name, files] of [
      ["cat", ["rgb.jpg", "s420.jpg"]],
      ["dog", ["grey.jpg", "s444.jpg"]],
    ] as const) {
      mkdirSync(join(pets, split, name), { recursive: true });
      for (const file of files) copyFileSync(join(images, file), join(pets, split, name, file));
    }
});
afterAll(() => rmSync(root, { recursive: true }));

/** Overwrites the middle of a tensor, as a bad gradient or bad memory would. */
async function spoil(tensor: Tensor, value: number): Promise<void> {
  const values = await tensor.data();
  values[values.length >> 1] = value;
  tensor.write(values);
}

const WEIGHT = "backbone.stage1.0.branch_scale.conv.weight";
const STATISTIC = "backbone.stage1.0.branch_scale.norm.running_var";

/** Where something can be planted in a session, and how the first of it is called. */
const places: Readonly<Record<string, { readonly tensor: (session: Session) => Tensor; readonly name: string }>> = {
  weight: { tensor: ({ model }) => model.stateDict().get(WEIGHT)!, name: WEIGHT },
  statistic: { tensor: ({ model }) => model.stateDict().get(STATISTIC)!, name: STATISTIC },
  average: { tensor: ({ ema }) => ema.averages.get(WEIGHT)!, name: `average of ${WEIGHT}` },
  momentum: { tensor: ({ optimizer }) => optimizer.state().get(WEIGHT)!, name: `momentum of ${WEIGHT}` },
};
const placesAndValues = Object.keys(places).flatMap((place) => [nan, -inf].map((value) => [place, value] as const));

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
    expect(saved.sort()).toEqual(["epoch_001.json", "epoch_001.safetensors"]);
    await readCheckpoint(join(root, `later-${place}`, "checkpoints", "epoch_001.json"));
  });

  it("stops between validation and checkpoint, and before the validation of averages or raw weights that are spoilt", async () => {
    for (const [out, place, hook] of [
      ["validated", "momentum", "onValidation"],
      ["averages", "average", "onStep"],
      ["raw", "statistic", "onStep"],
    ] as const) {
      const told: string[] = [];
      const { outcome, saved } = await run(out, async () => {}, {
        ...{ maxSteps: 1, validate: true, validateRaw: true },
        loggers: [
          {
            [hook]: () => spoil(places[place]!.tensor(sessions[0]!), inf),
            ...(hook === "onStep" && { onValidation: () => void told.push("validation") }),
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
      expect(String(outcome)).toMatch(/train: momentum of .* is NaN/);
      expect(saved).toEqual([]);
    }
  });
});

const small: Variant = {
  widths: [0.25, 0.25, 0.25, 0.25],
  numConvBranches: 1,
  squeezeExciteUnits: [0, 0, 0, 1],
  units: [1, 1, 1, 1],
};
const modelOf = (): MobileOne => {
  const model = new MobileOne(small, { numClasses: 2, seed: 3 }).eval();
  randomizeStatistics(model);
  return model;
};
const header: CheckpointHeader = {
  ...{ recipe: mobileoneS0Demo, seed: 0, replicas: 1, numClasses: 2, classes: ["a", "b"], trainImages: 9 },
};

/** Batch norms that are finite, and whose blocks multiply by more than a float32 can hold. */
function inflate(model: MobileOne): void {
  for (const norm of model.namedModules().values())
    if (norm instanceof BatchNorm2d) {
      norm.runningVar.write(new Float32Array(norm.runningVar.size));
      norm.weight.write(new Float32Array(norm.weight.size).fill(1e6));
    }
}

const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  reference: async () => referenceBackend,
  wasm: async () => createWasmBackend({ threads: 1 }),
  "gpu, gpu.js mode cpu": () => createGpuBackend({ mode: "cpu" }),
};

describe.each(Object.keys(backends))("on %s", (backendName) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await backends[backendName]!();
  });
  afterAll(async () => {
    await backend.dispose?.();
  });

  const probe = { batchSize: 1, imageSize: 32 };
  const loaderOf = () =>
    new DataLoader(ImageFolder.open(pets, "val"), {
      ...{ batchSize: 2, workers: 0, transform: evalTransform({ imageSize: 32, resizeSize: 32 }) },
    });

  it.each([
    ["head.fc.weight", nan],
    ["backbone.stage4.1.se.conv1.conv.weight", -inf],
    [WEIGHT, inf],
    ["backbone.stage2.0.branch_scale.norm.running_mean", nan],
    [STATISTIC, inf],
  ])("reparameterize and evaluate name %s with %d in it", async (name, value) =>
    withBackend(backend, async () => {
      const model = modelOf();
      await spoil(model.stateDict().get(name)!, value);
      const said = new RegExp(`${name.replaceAll(".", "\\.")}\\[.*\\] is ${value}`);
      const error = await reparameterize(model, { probe }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(FoldError);
      expect((error as Error).message).toMatch(said);
      await expect(evaluate(model, loaderOf())).rejects.toThrow(said);
    }));

  it("nor is there a certificate or a figure for what grows beyond all numbers, or for a variance below 0", () =>
    withBackend(backend, async () => {
      const model = modelOf();
      inflate(model);
      await expect(reparameterize(model, { probe })).rejects.toThrow(/reparameterize: .*stage\d.* is .*Infinity/);
      await expect(evaluate(model, loaderOf())).rejects.toThrow(/evaluate: .*\.jpg: logit \d is (NaN|-?Infinity)/);
      const negative = modelOf();
      await spoil(negative.stateDict().get(STATISTIC)!, -1);
      await expect(reparameterize(negative, { probe })).rejects.toThrow(FoldError);
      await expect(evaluate(negative, loaderOf())).rejects.toThrow(/running_var\[\d+\] is -1/);
    }));

  it("a fold that leaves float32, and a probe that is spoilt, have no certificate", () =>
    withBackend(backend, async () => {
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
    withBackend(backend, async () => {
      const session = new Session(mobileoneS0Demo, modelOf(), 10);
      // momentum buffers are in a checkpoint once there are any
      session.optimizer.loadState(
        new Map([...session.model.namedParameters()].map(([name, { tensor }]) => [name, tensor])),
      );
      await encodeCheckpoint(session, header, "sound");
      const { tensor, name } = places[place]!;
      await spoil(tensor(session), value);
      const error = await encodeCheckpoint(session, header, "spoilt").catch((e: unknown) => e);
      expect(error).toBeInstanceOf(DivergedError);
      expect((error as Error).message).toContain(`train: ${name}[`);
      expect((error as Error).message).toContain(`is ${value}`);
    }));
});

describe("a validation shared by three processes", () => {
  it("fails on all of them for a picture that one of them has", async () => {
    const model = modelOf();
    inflate(model);
    const outcomes = await Promise.allSettled(
      memoryGroups(3).map((group) => {
        const slice = { replicas: 3, rank: group.rank, pad: false, workers: 0, batchSize: 1 };
        const transform = evalTransform({ imageSize: 32, resizeSize: 32 });
        const loader = new DataLoader(ImageFolder.open(pets, "val"), { transform, ...slice });
        return evaluateShared(model, loader, { group, mostBatches: 2 });
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
