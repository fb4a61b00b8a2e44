/**
 * Gradients of S0 from float16 on a device beside float64, no farther than PyTorch's bfloat16 autocast is from it on the processor
 * (test/golden/precision/make-precision.py: the same network at weights drawn alike).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { compile, models, nn, optim, randn, type Tensor, tensor } from "../../src/index.js";
import { noDriver } from "./software-vulkan.js";

const { batch, side, classes, errors } = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "golden", "precision", "precision.json"), "utf8"),
) as { readonly batch: number; readonly side: number; readonly classes: number; readonly errors: readonly number[] };

/** Of every parameter, one behind the other. */
type Precision = "float16" | "float32" | "float64";
async function gradients(backend: Backend, seed: number, precision: Precision): Promise<Float64Array> {
  return withBackend(backend, async () => {
    const dtype = precision === "float64" ? "float64" : "float32";
    const model = models.createModel("mobileone_s0", { numClasses: classes, seed, dtype, training: "plain" });
    model.train();
    const scaler = new optim.GradScaler({ initScale: precision === "float16" ? 65536 : 1 });
    const step = compile(
      (x: Tensor, labels: Tensor) => {
        scaler.scale(nn.crossEntropy(model.forward(x), labels, { labelSmoothing: 0.1 })).backward();
        return model.parameters().map((parameter) => {
          const { grad } = parameter;
          parameter.grad = null;
          return grad!;
        });
      },
      { precision: precision === "float16" ? "float16" : "float32" },
    );
    const x = randn([batch, side, side, 3], { seed: 100 + seed, dtype: "float32" }).cast(dtype);
    const labels = tensor(Int32Array.from({ length: batch }, (_, i) => i % classes));
    // as training does: a scale at which a gradient is not finite is halved
    for (;;) {
      const values = await Promise.all(step(x, labels).map((gradient) => gradient.data()));
      const all = Float64Array.from(
        values.flatMap((one) => [...one]),
        (v) => v / scaler.scaleNow,
      );
      if (!scaler.update(all.every(Number.isFinite))) continue;
      step.dispose();
      return all;
    }
  });
}

const rms = (values: readonly number[]): number => Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
function relative(actual: Float64Array, exact: Float64Array): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < exact.length; i++) {
    difference += (actual[i]! - exact[i]!) ** 2;
    size += exact[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}

it.skipIf(noDriver !== null)("float16 is no farther from float64 than PyTorch's bfloat16 autocast", async () => {
  const backend = await createGpuBackend();
  const own: Record<"float16" | "float32", number[]> = { float16: [], float32: [] };
  for (let seed = 0; seed < errors.length; seed++) {
    const exact = await gradients(referenceBackend, seed, "float64");
    for (const precision of ["float16", "float32"] as const)
      own[precision].push(relative(await gradients(backend, seed, precision), exact));
  }
  await backend.dispose();
  console.info(`gradient error: ${JSON.stringify(own)}, bfloat16 ${JSON.stringify(errors)}`);
  expect(rms(own.float16)).toBeLessThanOrEqual(rms(errors));
  // a device that had computed in float32 would prove nothing
  expect(rms(own.float16)).toBeGreaterThan(rms(own.float32));
});
