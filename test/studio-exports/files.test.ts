/** Files of a project: each is read back before it is offered, and a file that prepares pictures otherwise, or is other weights, is noticed. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeModelFile, imagenetMean, imagenetStd, io, models } from "../../src/index.js";
import { type Wanted, wantedOf } from "../../studio/worker/exports/check.js";
import { type ExportSubject, exportModel } from "../../studio/worker/exports/index.js";
import { likeliestOf } from "../../studio/worker/exports/look.js";
import { checkOnnx } from "../../studio/worker/exports/onnx.js";
import { checkSafetensors, weightsOf } from "../../studio/worker/exports/safetensors.js";
import { classes, site, subject } from "./subject.js";

let project: ExportSubject;
let wanted: Wanted;
beforeAll(async () => {
  project = await subject();
  wanted = await wantedOf(project);
});
afterAll(() => project.model.dispose());

/** Another mean and deviation, as a program that divides by 255 has them. */
const wrong = { mean: [0, 0, 0], std: [255, 255, 255] };
const onnxOf = (preprocessing: Partial<io.Preprocessing>, normalizes = true) =>
  io.encodeOnnx(project.model, {
    preprocessing: { imageSize: 48, resize: 55, mean: imagenetMean, std: imagenetStd, ...preprocessing },
    normalizes,
    classes,
  });

it("are checked with answers that differ from picture to picture", () => {
  expect(wanted.isValidation).toBe(true);
  expect(new Set(wanted.scores.map((scores) => likeliestOf(scores))).size).toBeGreaterThan(1);
});

describe("safetensors", () => {
  it("answers as the tab's model, folded, with what a program needs in its metadata", async () => {
    const made = await exportModel("safetensors", project, site);
    expect(made.name).toBe("my-pets-2.safetensors");
    expect(made.agreement).toMatchObject({ equal: 6, of: 6 });
    expect(made.agreement!.largest).toBeLessThan(1e-4);
    expect(made.certificate).toMatch(/^Folded from .* to .* parameters: logits within .*, the same answer on 8 of 8/);
    const { model, info } = decodeModelFile(made.bytes);
    expect(info).toMatchObject({ model: "mobileone_s0", form: "deploy", classes, images: project.images });
    expect(JSON.parse(io.decodeSafetensors(made.bytes).metadata.pixels!)).toEqual(project.pixels);
    model.dispose();
  });

  it("that names another resize differs", async () => {
    const other = { ...project, images: { ...project.images, evalResize: 96 } };
    const { largest } = await checkSafetensors(await weightsOf(other, project.model), wanted);
    expect(largest).toBeGreaterThan(0.01);
  });

  it("whose classes stand in another order differs", async () => {
    const other = { ...project, classes: [classes[1]!, classes[2]!, classes[0]!] };
    const { equal } = await checkSafetensors(await weightsOf(other, project.model), wanted);
    expect(equal).toBe(0);
  });
});

describe("onnx", () => {
  it("answers as the tab's model, and normalises bytes inside", async () => {
    const made = await exportModel("onnx", project, site);
    expect(made.agreement).toMatchObject({ equal: 6, of: 6 });
    expect(made.agreement!.largest).toBeLessThan(1e-4);
    expect(made.certificate).not.toBeNull();
  });

  it("of normalised pictures is asked by the mean and deviation of its metadata", async () => {
    const right = await checkOnnx((await onnxOf({}, false)).bytes, wanted);
    expect(right).toMatchObject({ equal: 6, of: 6 });
    expect((await checkOnnx((await onnxOf(wrong, false)).bytes, wanted)).equal).toBeLessThan(6);
  });

  it("with another mean and deviation differs, and with another resize", async () => {
    expect((await checkOnnx((await onnxOf(wrong)).bytes, wanted)).equal).toBeLessThan(6);
    expect((await checkOnnx((await onnxOf({ resize: 96 })).bytes, wanted)).largest).toBeGreaterThan(0.01);
  });
});

it("a model that is folded already is delivered as it is, and its mode is put back", async () => {
  const { model } = await models.reparameterize(project.model, { probe: { imageSize: 32 } });
  model.train();
  const made = await exportModel("safetensors", { ...project, model }, site);
  expect(made.certificate).toBeNull();
  expect(made.agreement).toMatchObject({ equal: 6, of: 6 });
  expect(model.training).toBe(true);
  model.dispose();
});

it("without validation pictures all are asked, and that is said", async () => {
  const pictures = project.pictures.map((picture) => ({ ...picture, side: null }));
  const { agreement } = await exportModel("safetensors", { ...project, pictures }, site);
  expect(agreement).toMatchObject({ equal: 12, of: 12 });
  expect(agreement!.how).toMatch(/keeps, 256 px at the short side\. There are no validation pictures/);
});
