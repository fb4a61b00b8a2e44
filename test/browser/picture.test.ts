/**
 * A picture in headless Chromium: the browser's decoder without colour conversion, the same transform as Node's, the same classes.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeImage } from "../../src/data/codecs/index.js";
import { classify, models, setBackend } from "../../src/index.js";
import { readFixture } from "../data/fixtures.js";
import { executable, launchChromium } from "./chromium.js";
import { type PageServer, serveCheckout } from "./server.js";

const PNG = readFixture("images/rgb8.png");
const JPEG = readFixture("images/exif6.jpg");
const SIDE = 32;
/** Levels between Chromium's libjpeg-turbo and jpeg-js, on average. */
const JPEG_LEVELS = 0.5;

describe.skipIf(executable === undefined)("pictures in a tab", () => {
  let server: PageServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await serveCheckout({ "/given/png": PNG, "/given/jpeg": JPEG });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it("are decoded to Node's pixels and classified to Node's scores; a path is refused", async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}plain`);
    // as text, which the test runner leaves alone
    const answer = (await page.evaluate(`(async () => {
      const { classify, models, readImage, setBackend } = await import("tensorone");
      await setBackend("wasm");
      const pixels = async (name) => Array.from((await readImage(await (await fetch("/given/" + name)).blob())).data);
      const model = models.createModel("mobileone_s0", { numClasses: 4, seed: 3 });
      const blob = await (await fetch("/given/png")).blob();
      const classes = await classify(model, blob, { imageSize: ${SIDE} });
      const refusal = await classify(model, "cat.jpg").catch((error) => error.message);
      return { png: await pixels("png"), jpeg: await pixels("jpeg"), classes, refusal };
    })()`)) as {
      readonly png: number[];
      readonly jpeg: number[];
      readonly classes: readonly { readonly index: number; readonly score: number }[];
      readonly refusal: string;
    };
    await page.close();
    expect(Uint8Array.from(answer.png)).toEqual(new Uint8Array(decodeImage(PNG).data));
    const jpeg = decodeImage(JPEG).data;
    expect(answer.jpeg.length).toBe(jpeg.length);
    const distance = answer.jpeg.reduce((sum, value, i) => sum + Math.abs(value - jpeg[i]!), 0) / jpeg.length;
    expect(distance).toBeLessThan(JPEG_LEVELS);
    await setBackend("wasm");
    const model = models.createModel("mobileone_s0", { numClasses: 4, seed: 3 });
    expect(answer.classes).toEqual(await classify(model, PNG, { imageSize: SIDE }));
    expect(answer.refusal).toMatch(/^classify: "cat\.jpg" is a path, expected bytes or a Blob/);
  });
});
