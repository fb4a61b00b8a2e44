/**
 * RepVGG-A0 and ResNet-18 against PyTorch (test/golden/families/make-families.py): logits in evaluation, loss and gradients
 * of a first step, with weights that both sides compute from one formula.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { setBackend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { gradCam, noGrad, scope, type Tensor, tensor } from "../../src/index.js";
import { toFileEntries } from "../../src/models/files/index.js";
import { families, familyOf } from "../../src/models/index.js";
import { crossEntropy } from "../../src/nn/index.js";
import { filledModel } from "./filled.js";
import { golden as camCases, goldenPicture as camPicture, distanceOf } from "./grad-cam-cases.js";
import { uniform } from "./uniform.js";

interface Digest {
  readonly maxAbs: number;
  readonly norm: number;
  readonly projections: readonly number[];
  readonly samples: readonly number[];
}

interface Case {
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Digest>>;
}

const golden = JSON.parse(readFileSync(new URL("../golden/families/families.json", import.meta.url), "utf8")) as {
  readonly classes: number;
  readonly side: number;
  readonly models: Readonly<Record<string, readonly Case[]>>;
};

/** Of the script: where the streams of projections begin, and how many there are of each. */
const FIRST_PROJECTION = 1000;
const IMAGES_STREAM = 999;

const TIMEOUT_MS = 600_000;

/** The script's images, [N, C, H, W] there and [N, H, W, C] here. */
function images(seed: number, batch: number, dtype: "float32" | "float64"): Tensor {
  const area = golden.side ** 2;
  const nchw = uniform(seed, IMAGES_STREAM, batch * 3 * area);
  const nhwc = nchw.map((_, i) => {
    const [n, at, c] = [Math.floor(i / (3 * area)), Math.floor(i / 3) % area, i % 3];
    return nchw[(3 * n + c) * area + at]!;
  });
  return tensor(nhwc, [batch, golden.side, golden.side, 3], { dtype });
}

const largest = (values: Iterable<number>): number =>
  [...values].reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function expectWithin(found: readonly number[], wanted: readonly number[], tolerance: number, what: string): void {
  expect(found.length).toBe(wanted.length);
  expect(largest(found.map((value, i) => value - wanted[i]!)), what).toBeLessThanOrEqual(tolerance);
}

const cases = Object.entries(golden.models).flatMap(([name, seeds]) =>
  seeds.map((one, seed) => ({ label: `${name}, seed ${seed}`, name, seed, golden: one })),
);

it("every family has rows of make-families.py; MobileOne's are test/golden/curves and test/golden/io", () => {
  const covered = ["MobileOne", ...Object.keys(golden.models).map((name) => familyOf(name).name)];
  expect(families.map(({ name }) => name).filter((name) => !covered.includes(name))).toEqual([]);
});

describe("float64 on the reference", () => {
  it.each(cases)("$label: logits to 1e-10, gradients to 1e-9 of their largest", { timeout: TIMEOUT_MS }, (row) =>
    withBackend(referenceBackend, async () => {
      const { name, seed, golden: wanted } = row;
      const model = await filledModel(name, golden.classes, seed, "float64");
      const x = images(seed, wanted.labels.length, "float64");
      model.eval();
      const logits = noGrad(() => scope(() => model.forward(x)));
      expectWithin([...logits.dataSync()], wanted.logits.flat(), 1e-10, "logits");
      model.train();
      const loss = scope(() => {
        const value = crossEntropy(model.forward(x), tensor(Int32Array.from(wanted.labels)));
        value.backward();
        return value.item();
      });
      expect(Math.abs(loss - wanted.loss)).toBeLessThanOrEqual(1e-10);
      const parameters = [...model.namedParameters()];
      expect(parameters.map(([key]) => key)).toEqual(Object.keys(wanted.gradients));
      const gradients = await toFileEntries(model, new Map(parameters.map(([key, { tensor: t }]) => [key, t.grad!])));
      for (const [stream, [key, entry]] of [...gradients].entries()) {
        const values = Float64Array.from(entry.values);
        const { maxAbs, norm, projections, samples } = wanted.gradients[key]!;
        const tolerance = 1e-9 * maxAbs;
        expectWithin([largest(values)], [maxAbs], tolerance, `${key}, largest`);
        const picked = samples.map((_, i) => values[Math.trunc((i * (values.length - 1)) / (samples.length - 1))]!);
        expectWithin(picked, samples, tolerance, `${key}, samples`);
        // errors of single entries at most `tolerance` add up at random in sums over all of them
        const ofSums = tolerance * Math.sqrt(values.length);
        expectWithin([Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))], [norm], ofSums, `${key}, norm`);
        const projected = projections.map((_, k) => {
          const direction = uniform(seed, FIRST_PROJECTION + projections.length * stream + k, values.length);
          return values.reduce((sum, value, i) => sum + value * direction[i]!, 0);
        });
        expectWithin(projected, projections, ofSums, `${key}, projections`);
      }
      model.dispose();
      x.dispose();
      logits.dispose();
    }),
  );
});

describe("float32 on wasm", () => {
  afterAll(async () => {
    await setBackend("reference");
  });

  it.each(cases)("$label: logits to 3e-5 of the largest", { timeout: TIMEOUT_MS }, async ({
    name,
    seed,
    golden: wanted,
  }) => {
    await setBackend("wasm", { threads: 1 });
    const model = (await filledModel(name, golden.classes, seed, "float32")).eval();
    const logits = noGrad(() => scope(() => model.forward(images(seed, wanted.labels.length, "float32"))));
    const scale = largest(wanted.logits.flat());
    expectWithin([...(await logits.data())], wanted.logits.flat(), 3e-5 * scale, "logits");
    model.dispose();
    logits.dispose();
  });
});

describe("Grad-CAM, by make-grad-cam.py", () => {
  const names = [...new Set(camCases.cases.map(({ model }) => model))];
  // float32: what 17 layers of rounding leave of digits
  it.each(
    names.flatMap((name) => [
      { name, dtype: "float64" as const, tolerance: 1e-9 },
      { name, dtype: "float32" as const, tolerance: 1e-5 },
    ]),
  )("$name in $dtype: maps within $tolerance of their largest value", { timeout: TIMEOUT_MS }, async (row) => {
    const { name, dtype, tolerance } = row;
    await withBackend(dtype === "float64" ? referenceBackend : await setBackend("wasm"), async () => {
      const model = await filledModel(name, camCases.classes, camCases.seed, dtype);
      for (const one of camCases.cases.filter((candidate) => candidate.model === name)) {
        const { stage, rank } = one;
        const sizes = { imageSize: camCases.side, resizeSize: camCases.side };
        const cam = await gradCam(model, camPicture(), { ...sizes, stage, ...(rank > 0 && { class: one.class }) });
        const place = [cam.class.index, cam.stage, cam.map.height, cam.map.width];
        expect(place).toEqual([one.class, stage, one.map.length, one.map[0]!.length]);
        expect(distanceOf(cam.map.values, cam.peak, one), `${stage}, ${rank}`).toBeLessThan(tolerance);
      }
    });
  });
});
