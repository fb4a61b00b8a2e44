/**
 * One picture through classify(): the same answer from a path, bytes, a Blob and pixels, and the steps that it is made of.
 */
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  applyTransform,
  classify,
  evalTransform,
  models,
  nn,
  noGrad,
  normalize,
  readImage,
  setBackend,
  softmax,
  type Tensor,
} from "../../src/index.js";
import { fixtureUrl, lcgImage, readFixture } from "../data/fixtures.js";

const JPEG = "images/exif6.jpg";
const file = fileURLToPath(fixtureUrl(JPEG));
const SIDE = 32;

beforeAll(async () => {
  await setBackend("wasm");
});
afterEach(() => {
  vi.doUnmock("../../src/util/platform.js");
  vi.resetModules();
});

const model = () => models.createModel("mobileone_s0", { numClasses: 4, seed: 3 });
const classNames = ["ant", "bee", "cow", "dog"];

/** Scores of RGB by the mean of each channel. */
class Means extends nn.Module {
  seen: readonly number[] = [];
  forward(x: Tensor): Tensor {
    this.seen = x.shape;
    expect(this.training).toBe(false);
    return x.mean([1, 2]);
  }
}

describe("classify", () => {
  it("gives the softmax of what the model answers to the evaluation transform, the likeliest first", async () => {
    const one = model();
    const answer = await classify(one, file, { classNames, imageSize: SIDE, topK: 3 });
    const square = applyTransform(evalTransform({ imageSize: SIDE }), await readImage(file));
    const scores = noGrad(() => softmax(one.eval().forward(normalize([square])))).toArray() as number[][];
    const order = scores[0]!.map((score, index) => ({ index, score })).sort((a, b) => b.score - a.score);
    expect(answer.map(({ index }) => index)).toEqual(order.slice(0, 3).map(({ index }) => index));
    for (const [i, { label, index, score }] of answer.entries()) {
      expect(label).toBe(classNames[index]);
      expect(score).toBeCloseTo(order[i]!.score, 6);
    }
  });

  it("takes a path, bytes, their buffer, a Blob and pixels alike, and leaves pixels and mode as they were", async () => {
    const one = model();
    const bytes = readFixture(JPEG);
    const pixels = await readImage(file);
    const before = pixels.data.slice();
    const blob = new Blob([new Uint8Array(bytes)]);
    const buffer = new Uint8Array(bytes).buffer;
    const answers = [];
    for (const picture of [file, bytes, buffer, blob, pixels])
      answers.push(await classify(one, picture, { imageSize: SIDE }));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]!.map(({ label, index }) => label === String(index))).toEqual([true, true, true, true]);
    expect(pixels.data).toEqual(before);
    expect(one.training).toBe(true);
  });

  it("takes the size of the published recipe, or what the model's file says with its names", async () => {
    const means = new Means();
    const picture = lcgImage(300, 260, 1);
    await expect(classify(means, picture)).rejects.toThrow(/^classify: no imageSize, and Means is no published model/);
    await classify(means, picture, { imageSize: 48 });
    expect(means.seen).toEqual([1, 48, 48, 3]);
    const images = { evalSize: 40, evalResize: 44 } as never;
    const answer = await classify({ model: means, classes: ["r", "g", "b"], info: { images } }, picture);
    expect(means.seen).toEqual([1, 40, 40, 3]);
    expect(answer.map(({ label }) => label).sort()).toEqual(["b", "g", "r"]);
    const forward = vi.spyOn(models.MobileOne.prototype, "forward");
    await classify(model(), picture);
    expect(forward.mock.calls[0]![0].shape).toEqual([1, 224, 224, 3]);
    forward.mockRestore();
  });

  it("refuses what it cannot answer, by what came and what was expected", async () => {
    const one = model();
    await expect(classify(one, "no/such.jpg")).rejects.toThrow(/no\/such\.jpg: there is no such file/);
    await expect(classify(one, readFixture("images/bad-text.jpg"))).rejects.toThrow(/neither a JPEG nor a PNG/);
    await expect(classify(one, new ImageBitmapLike() as never)).rejects.toThrow(/hint: pixels of a canvas are RGBA/);
    await expect(classify(one, file, { classNames: ["ant"] })).rejects.toThrow(
      /1 classNames, expected one for each of 4/,
    );
    await expect(classify(one, file, { topK: 0 })).rejects.toThrow(/topK 0, expected at least 1/);
    await expect(classify(one, file, { std: [0.229, 0.224, 0.225] })).rejects.toThrow(/hint: .*multiply .* by 255/);
    const grey = models.createModel("mobileone_s0", { numClasses: 4, inChannels: 1 });
    await expect(classify(grey, file)).rejects.toThrow(/images of 1 channels, expected 3/);
    class Broken extends Means {
      override forward(x: Tensor): Tensor {
        return super.forward(x).mul(Number.NaN);
      }
    }
    await expect(classify(new Broken(), file, { imageSize: 8 })).rejects.toThrow(/the picture: logit 0 is NaN/);
  });

  it("says in a tab that there are no files", async () => {
    vi.resetModules();
    vi.doMock("../../src/util/platform.js", async (original) => ({ ...(await original<object>()), isNode: false }));
    const { readImage: inTab } = await import("../../src/data/codecs/read-image.js");
    await expect(inTab("cat.jpg", "classify")).rejects.toThrow(
      /^classify: "cat\.jpg" is a path, expected bytes or a Blob[\s\S]*hint: await classify\(model, await \(await fetch\(url\)\)\.blob\(\)\)/,
    );
  });
});

/** Pixels of four channels, as a canvas has them. */
class ImageBitmapLike {
  readonly width = 1;
  readonly height = 1;
  readonly data = new Uint8ClampedArray(4);
}

describe("normalize", () => {
  it("is (pixels - mean) / std in units of 0..255", () => {
    const [mean, std] = [
      [10, 20, 30],
      [2, 4, 8],
    ];
    const image = { width: 1, height: 1, channels: 3, data: Uint8Array.of(12, 28, 22) } as const;
    expect(normalize(image, { mean, std }).toArray()).toEqual([[[1, 2, -1]]]);
    expect(normalize([image, image], { mean, std }).shape).toEqual([2, 1, 1, 3]);
    expect(() => normalize([image, lcgImage(2, 1, 0)])).toThrow(/1x1 and 2x1, expected one size/);
    expect(() => normalize([])).toThrow(/no pictures/);
  });
});
