/** An ONNX file of ours read back: it answers as the model, and damage is named. */
import { beforeAll, expect, it } from "vitest";
import { decodeOnnx, io, models, normalize, rand, scope, setBackend, tensor } from "../../../src/index.js";
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
  expect(read.input).toBe("float32");
  // the same graph from bytes, normalised inside; what is known beside it is in the metadata, and takes no other entry's place
  const about = { pixels: "as they come", num_classes: "9" };
  const whole = decodeOnnx((await io.encodeOnnx(model, { preprocessing, normalizes: true, about })).bytes);
  expect(whole.input).toBe("uint8");
  expect(whole.metadata).toMatchObject({ pixels: "as they come", num_classes: "3" });
  const square = {
    width: 32,
    height: 32,
    channels: 3,
    data: Uint8Array.from({ length: 3072 }, (_, i) => (i * 37) % 256),
  } as const;
  const floats = Array.from(await model.forward(normalize([square], preprocessing)).data(), Number);
  const found = await scope(() => whole.run(tensor(square.data, [1, 32, 32, 3], { dtype: "uint8" })).data());
  const most = Math.max(...floats.map(Math.abs));
  for (const [i, value] of floats.entries()) expect(Math.abs(Number(found[i]) - value)).toBeLessThan(1e-4 * most);
  expect(() => decodeOnnx(bytes.subarray(0, bytes.length - 9))).toThrow(/protobuf: .* beyond the end/);
  expect(() => decodeOnnx(new Uint8Array(0))).toThrow(/no graph of one input/);
});
