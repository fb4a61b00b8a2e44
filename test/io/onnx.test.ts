/**
 * ONNX files, run by ONNX Runtime: an engine that shares no code with ours reads what we wrote and must answer as we do.
 * Batch norms have random statistics, so that a graph which forgets a term fails.
 */
import * as ort from "onnxruntime-web";
import { beforeAll, describe, expect, test } from "vitest";
import { noGrad, randn, scope, setBackend } from "../../src/index.js";
import { OnnxError } from "../../src/io/onnx/index.js";
import { encodeMessage } from "../../src/io/protobuf.js";
import { encodeOnnx, type OnnxOptions } from "../../src/models/files/onnx.js";
import { type Classifier, createModel, listModels, type ModelName, reparameterize } from "../../src/models/index.js";
import { tensor } from "../../src/tensor/create.js";
import { Random } from "../../src/tensor/random.js";
import { randomizeStatistics } from "../models/random-statistics.js";

const CLASSES = 20;
const SIZE = 32;
const preprocessing = { imageSize: SIZE, resize: 37, mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };
const options: OnnxOptions = { preprocessing };

beforeAll(async () => {
  ort.env.wasm.numThreads = 1;
  await setBackend("wasm", { threads: 1 });
});

function randomModel(name: string, numClasses = CLASSES): Classifier {
  const model = createModel(name, { numClasses, seed: 3 });
  randomizeStatistics(model);
  // the published start, 0.01, would leave the classifier's bias to decide
  model.classifier.weight.write(randn(model.classifier.weight.shape, { seed: 4 }).dataSync());
  model.classifier.bias!.write(randn([numClasses], { seed: 5 }).dataSync());
  return model.eval();
}

const noise = (length: number): Float32Array => {
  const random = new Random(6);
  return Float32Array.from({ length }, () => random.normal());
};

/** Written by its definition, for one image after the other. */
function channelsFirst(pixels: Float32Array, batch: number, side: number): Float32Array {
  const out: number[] = [];
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < 3; c++)
      for (let at = 0; at < side * side; at++) out.push(pixels[(n * side * side + at) * 3 + c]!);
  return Float32Array.from(out);
}

/** The file's answers to a batch of pixels [batch, side, side, 3]. */
async function answers(session: ort.InferenceSession, pixels: Float32Array, batch: number, side = SIZE) {
  const images = new ort.Tensor("float32", channelsFirst(pixels, batch, side), [batch, 3, side, side]);
  const { logits } = await session.run({ images });
  return logits as ort.TypedTensor<"float32">;
}

const ours = (model: Classifier, pixels: Float32Array, batch: number, side = SIZE): Float32Array =>
  noGrad(() => scope(() => model.forward(tensor(pixels, [batch, side, side, 3])).dataSync() as Float32Array)).slice();

const top5 = (logits: Float32Array, row: number, classes = CLASSES): number[] =>
  [...logits.subarray(row * classes, (row + 1) * classes).keys()]
    .sort((a, b) => logits[row * classes + b]! - logits[row * classes + a]!)
    .slice(0, 5);

function expectSameAnswers(
  actual: ort.TypedTensor<"float32">,
  expected: Float32Array,
  batch: number,
  classes = CLASSES,
) {
  expect(actual.dims).toEqual([batch, classes]);
  const largest = Math.max(...expected.map(Math.abs));
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - actual.data[i]!)));
  expect(largest).toBeGreaterThan(0.1);
  expect(difference / largest).toBeLessThanOrEqual(3e-5);
  for (let n = 0; n < batch; n++) expect(top5(actual.data, n, classes)).toEqual(top5(expected, n, classes));
}

/** By hand from the papers: ReLUs of both forms, batch norms of the training form. */
const counts: { readonly [N in ModelName]: { readonly relus: number; readonly norms: number } } = {
  mobileone_s0: { relus: 43, norms: 226 },
  mobileone_s1: { relus: 43, norms: 99 },
  mobileone_s2: { relus: 43, norms: 99 },
  mobileone_s3: { relus: 43, norms: 99 },
  // 12 gates have a ReLU each
  mobileone_s4: { relus: 55, norms: 99 },
  // 22 blocks of two branches and, but for the first of each stage and the stem, an identity
  repvgg_a0: { relus: 22, norms: 2 * 22 + 17 },
  repvgg_a1: { relus: 22, norms: 2 * 22 + 17 },
  repvgg_a2: { relus: 22, norms: 2 * 22 + 17 },
  repvgg_b0: { relus: 28, norms: 2 * 28 + 23 },
  resnet18: { relus: 17, norms: 20 },
};

describe.each(listModels())("%s", (name) => {
  test.each(["train", "deploy"] as const)("%s form answers alike for 1 and 8 images", async (form) => {
    const source = randomModel(name);
    const model = form === "train" ? source : (await reparameterize(source, { probe: { batchSize: 1 } })).model;
    const { bytes, operators } = await encodeOnnx(model, options);
    const { relus, norms } = counts[name];
    expect(operators.Relu).toBe(relus);
    expect(operators.BatchNormalization ?? 0).toBe(form === "deploy" ? 0 : norms);
    const session = await ort.InferenceSession.create(bytes);
    for (const batch of [1, 8]) {
      const pixels = noise(batch * SIZE * SIZE * 3);
      // the trained form is the truth for both
      expectSameAnswers(await answers(session, pixels, batch), ours(source, pixels, batch), batch);
    }
    await session.release();
    for (const one of new Set([source, model])) one.dispose();
  });
});

test("224 pixels and a thousand classes", async () => {
  const model = randomModel("mobileone_s0", 1000);
  const { bytes } = await encodeOnnx(model, { preprocessing: { ...preprocessing, imageSize: 224, resize: 256 } });
  const session = await ort.InferenceSession.create(bytes);
  const pixels = noise(224 * 224 * 3);
  expectSameAnswers(await answers(session, pixels, 1, 224), ours(model, pixels, 1, 224), 1, 1000);
  await session.release();
  model.dispose();
});

describe("one small model", () => {
  let model: Classifier;
  beforeAll(async () => {
    const source = randomModel("mobileone_s0");
    model = (await reparameterize(source, { probe: { batchSize: 1 } })).model;
  });

  test("bytes in: the graph normalises and turns them itself", async () => {
    const { bytes, input } = await encodeOnnx(model, { ...options, normalizes: true });
    expect(input).toMatchObject({ dtype: "uint8", shape: ["batch", SIZE, SIZE, 3] });
    const random = new Random(7);
    const pixels = Uint8Array.from({ length: 2 * SIZE * SIZE * 3 }, () => random.next32());
    const { mean, std } = preprocessing;
    const normalized = Float32Array.from(pixels, (value, i) => (value - mean[i % 3]!) / std[i % 3]!);
    const session = await ort.InferenceSession.create(bytes);
    const { logits } = await session.run({ images: new ort.Tensor("uint8", pixels, [2, SIZE, SIZE, 3]) });
    expectSameAnswers(logits as ort.TypedTensor<"float32">, ours(model, normalized, 2), 2);
    await session.release();
  });

  test("the file names its ports, and leaves the batch free", async () => {
    const { bytes } = await encodeOnnx(model, options);
    const session = await ort.InferenceSession.create(bytes);
    expect(session.inputMetadata).toMatchObject([{ name: "images", type: "float32", shape: ["batch", 3, SIZE, SIZE] }]);
    expect(session.outputMetadata).toMatchObject([{ name: "logits", type: "float32", shape: ["batch", CLASSES] }]);
    await session.release();
  });

  test("metadata: classes and preprocessing, as field 14 of the model", async () => {
    const classes = Array.from({ length: CLASSES }, (_, i) => `class "${i}", é`);
    const { bytes } = await encodeOnnx(model, { ...options, classes, name: "mobileone_s0" });
    const entries = new Map(
      readMessage(bytes)
        .get(14)!
        .map((entry) => {
          const fields = readMessage(entry as Uint8Array);
          return [textOf(fields.get(1)), textOf(fields.get(2))];
        }),
    );
    expect(entries.get("model")).toBe("mobileone_s0");
    expect(entries.get("form")).toBe("deploy");
    expect(JSON.parse(entries.get("classes")!)).toEqual(classes);
    expect(JSON.parse(entries.get("preprocessing")!)).toEqual({
      resizeShortSide: 37,
      interpolation: "bilinear, antialiased (Pillow)",
      centerCrop: SIZE,
      colorOrder: "RGB",
      layout: "NCHW",
      valueRange: [0, 255],
      mean: preprocessing.mean,
      std: preprocessing.std,
      isNormalizedInGraph: false,
    });
    const [opset] = readMessage(bytes)
      .get(8)!
      .map((one) => readMessage(one as Uint8Array));
    expect(opset!.get(2)).toEqual([13]);
  });

  test("equal models give equal bytes", async () => {
    const [first, second] = [await encodeOnnx(model, options), await encodeOnnx(model, options)];
    expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
    expect(first.weightCount).toBe(2_078_504 - (1000 - CLASSES) * 1025);
  });

  test("refuses what it cannot write", async () => {
    await expect(encodeOnnx(model, { ...options, classes: ["cat"] })).rejects.toThrow(OnnxError);
    const odd = { ...preprocessing, imageSize: 0 };
    await expect(encodeOnnx(model, { preprocessing: odd })).rejects.toThrow("imageSize is 0");
    const raw = createModel("mobileone_s0", { numClasses: 2 });
    await expect(encodeOnnx(raw, options)).rejects.toThrow("training mode");
    raw.eval().classifier.bias!.write(Float32Array.of(0, Number.NaN));
    await expect(encodeOnnx(raw, options)).rejects.toThrow("head.fc.bias[1] is NaN");
  });
});

describe("protocol buffers", () => {
  const fields = { count: { number: 1, type: "integer" }, name: { number: 20, type: "text" } } as const;

  // protobuf.dev, "Encoding": 150 is 96 01
  test.each([
    [{ count: 0 }, [0x08, 0]],
    [{ count: 150 }, [0x08, 0x96, 0x01]],
    [{ count: 2 ** 40 }, [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]],
    [{ name: "é" }, [0xa2, 0x01, 2, 0xc3, 0xa9]],
  ])("%j", (message: { count?: number; name?: string }, bytes) => {
    expect([...encodeMessage<{ count?: number; name?: string }>(fields, message)]).toEqual(bytes);
  });

  test.each([-1, 0.5, 2 ** 60])("refuses %d as a whole number", (count) => {
    expect(() => encodeMessage(fields, { count, name: "" })).toThrow("count");
  });
});

/** A message without its table: values by field number; enough of the format to check ours. */
function readMessage(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const length = tag % 8 === 0 ? 0 : tag % 8 === 5 ? 4 : varint();
    const value = tag % 8 === 0 ? varint() : bytes.subarray(at, at + length);
    at += length;
    fields.set(Math.floor(tag / 8), [...(fields.get(Math.floor(tag / 8)) ?? []), value]);
  }
  return fields;
}

const textOf = (values: readonly (number | Uint8Array)[] | undefined): string =>
  new TextDecoder().decode(values![0] as Uint8Array);
