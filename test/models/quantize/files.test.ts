/** float16 and int8 files in ONNX Runtime: they answer as the model does, up to what their types cost. */
import * as ort from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noGrad, scope, setBackend, tensor } from "../../../src/index.js";
import { encodeOnnx } from "../../../src/models/files/onnx.js";
import { type Classifier, createModel, type ModelName, reparameterize } from "../../../src/models/index.js";
import { signalToNoise } from "../../../src/models/quantize/calibration.js";
import { encodeOnnxFloat16, encodeOnnxInt8, type Pictures } from "../../../src/models/quantize/index.js";
import { Random } from "../../../src/tensor/random.js";
import { randomizeStatistics } from "../random-statistics.js";

const SIDE = 32;
const COUNT = 12;
const preprocessing = { imageSize: SIDE, resize: 36, mean: [120, 115, 100], std: [58, 57, 57] };
const random = new Random(7);
const values = Float32Array.from({ length: COUNT * SIDE * SIDE * 3 }, () => random.normal());
const pictures: Pictures = { values, shape: [COUNT, SIDE, SIDE, 3] };
const channelsFirst = Float32Array.from(values, (_, i) => {
  const area = SIDE * SIDE;
  const [n, c, at] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3, i % area];
  return values[(n * area + at) * 3 + c]!;
});

beforeAll(() => setBackend("wasm", { threads: 1 }));

async function run(file: Uint8Array, input: ort.Tensor): Promise<Float32Array> {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(file);
  const { logits } = await session.run({ images: input });
  await session.release();
  return logits!.data as Float32Array;
}

const floats = () => new ort.Tensor("float32", channelsFirst, [COUNT, 3, SIDE, SIDE]);

/** In deploy form, its own logits beside it. */
async function made(name: ModelName): Promise<{ readonly model: Classifier; readonly logits: Float32Array }> {
  const source = createModel(name, { numClasses: 5, seed: 3 });
  randomizeStatistics(source);
  const { model } = await reparameterize(source.eval());
  const answer = noGrad(() => scope(() => model.forward(tensor(values, [COUNT, SIDE, SIDE, 3]))));
  return { model, logits: await answer.data<Float32Array>() };
}

describe.each<ModelName>(["mobileone_s0", "mobileone_s4", "repvgg_a0", "resnet18"])("%s", (name) => {
  let subject: Awaited<ReturnType<typeof made>>;
  beforeAll(async () => {
    subject = await made(name);
  });
  afterAll(() => subject.model.dispose());

  it("in float16 is half as large, and differs by float16's digits", async () => {
    const { model, logits } = subject;
    const whole = await encodeOnnx(model, { preprocessing });
    const half = await encodeOnnxFloat16(model, { preprocessing });
    expect(half.bytes.length / whole.bytes.length).toBeLessThan(0.52);
    expect(signalToNoise(logits, await run(half.bytes, floats()))).toBeGreaterThan(40);
  });

  it("in int8 costs in ONNX Runtime what it was measured to cost", async () => {
    const { model, logits } = subject;
    const file = await encodeOnnxInt8(model, { preprocessing }, { pictures });
    const measured = file.signalToNoise[file.rule]!;
    expect(measured).toBe(Math.max(...Object.values(file.signalToNoise)));
    expect(measured).toBeGreaterThan(10);
    const found = await run(file.bytes, floats());
    expect(Math.abs(signalToNoise(logits, found) - measured)).toBeLessThan(3);
    expect(file.weightCount).toBeGreaterThan(1e6);
    const whole = await encodeOnnx(model, { preprocessing });
    expect(file.bytes.length / whole.bytes.length).toBeLessThan(0.3);
  });
});

describe("int8", () => {
  it("keeps layers in float32 by name, measures layers, and takes bytes", async () => {
    const { model, logits } = await made("mobileone_s0");
    const options = { preprocessing, normalizes: true };
    const all = await encodeOnnxInt8(model, options, { pictures, rule: "min-max", measureLayers: true });
    expect(all.layers).toHaveLength(44);
    // the classifier alone in int8
    const keepFloat = all.layers.map((layer) => layer.name).filter((name) => name !== "logits");
    const some = await encodeOnnxInt8(model, options, { pictures, rule: "min-max", keepFloat });
    expect(some.signalToNoise["min-max"]).toBeGreaterThan(all.signalToNoise["min-max"]!);
    expect(some.bytes.length).toBeGreaterThan(all.bytes.length);
    const bytes = Uint8Array.from({ length: values.length }, (_, i) => (i * 31) % 256);
    const answer = await run(some.bytes, new ort.Tensor("uint8", bytes, [COUNT, SIDE, SIDE, 3]));
    expect(answer).toHaveLength(logits.length);
    model.dispose();
  });

  it("refuses batch norms, other pictures and unknown names", async () => {
    const source = createModel("mobileone_s0", { numClasses: 5 });
    await expect(encodeOnnxInt8(source.eval(), { preprocessing }, { pictures })).rejects.toThrow(/its deploy form/);
    const { model } = await reparameterize(source);
    const small = { ...pictures, shape: [COUNT, 16, 64, 3] as const };
    await expect(encodeOnnxInt8(model, { preprocessing }, { pictures: small })).rejects.toThrow(/to calibrate with/);
    const keepFloat = ["head"];
    await expect(encodeOnnxInt8(model, { preprocessing }, { pictures, keepFloat })).rejects.toThrow(/no layer head/);
  });
});
