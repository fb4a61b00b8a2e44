/** An ONNX file of ours read back: it answers as the model, and damage is named. */
import { beforeAll, expect, it } from "vitest";
import { decodeOnnx, io, models, rand, scope, setBackend } from "../../../src/index.js";
import { filledModel } from "../filled.js";

const preprocessing = { imageSize: 32, resize: 36, mean: [1, 2, 3], std: [4, 5, 6] };

beforeAll(async () => void (await setBackend("wasm")));

it("answers as the model that was written, with its words", async () => {
  const trained = (await filledModel("mobileone_s0", 3, 1, "float32")).eval();
  const { model } = await models.reparameterize(trained, { probe: { imageSize: 32, batchSize: 1 } });
  const { bytes, opset } = await io.encodeOnnx(model, { preprocessing, classes: ["a", "b", "ç"] });
  const read = decodeOnnx(bytes);
  expect(read.opset).toBe(opset);
  expect(JSON.parse(read.metadata.classes!)).toEqual(["a", "b", "ç"]);
  expect(JSON.parse(read.metadata.preprocessing!)).toMatchObject({ resizeShortSide: 36, mean: [1, 2, 3] });
  const x = rand([2, 32, 32, 3], { seed: 3 });
  const wanted = Array.from(await model.forward(x).data(), Number);
  const got = Array.from(await scope(() => read.run(x).data()), Number);
  const largest = Math.max(...wanted.map(Math.abs));
  for (const [i, value] of wanted.entries()) expect(Math.abs(got[i]! - value)).toBeLessThan(1e-4 * largest);
  expect(() => decodeOnnx(bytes.subarray(0, bytes.length - 9))).toThrow(/protobuf: .* beyond the end/);
  expect(() => decodeOnnx(new Uint8Array(0))).toThrow(/no graph of one input/);
});
