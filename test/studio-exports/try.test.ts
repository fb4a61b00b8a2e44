/** [Try] with dropped models: weights of both containers, ONNX of this library, a run's folder; bad files; a hundred megabytes beside a page that lives. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodePng } from "../../src/figures/png.js";
import { classify, decodeModelFile, encodeModelFile, imagenetMean, imagenetStd, io, models } from "../../src/index.js";
import type { Classifier } from "../../src/models/index.js";
import { executable, launchChromium } from "../browser/chromium.js";
import { buildPages } from "../studio-ui/build-pages.js";
import { dropFiles } from "../studio-ui/drop-files.js";
import { type Pages, servePages } from "../studio-ui/serve-pages.js";
import { drawn, subject } from "./subject.js";

const names = ["ant", "bee", "cow"];

describe.skipIf(executable === undefined)("[Try] with a dropped model", () => {
  let folder: string;
  let pages: Pages;
  let browser: Browser;
  let picture: string;
  let best: string;
  const at = (...parts: string[]): string => join(folder, ...parts);

  async function writeModels(model: Classifier, images: Awaited<ReturnType<typeof subject>>["images"]): Promise<void> {
    const folded = await models.reparameterize(model, { probe: { imageSize: 32 } });
    const about = { classes: names, recipe: { images } };
    writeFileSync(at("folded.safetensors"), await encodeModelFile(folded.model, about));
    writeFileSync(at("weights.pth"), await encodeModelFile(model, about, { container: "torch" }));
    const preprocessing = {
      imageSize: images.evalSize,
      resize: images.evalResize,
      mean: imagenetMean,
      std: imagenetStd,
    };
    const onnx = await io.encodeOnnx(folded.model, { preprocessing, normalizes: true, classes: names });
    writeFileSync(at("model.onnx"), onnx.bytes);
    writeFileSync(at("cut.onnx"), onnx.bytes.subarray(0, 5000));
    writeFileSync(at("cut.safetensors"), (await encodeModelFile(model, about)).subarray(0, 90_000));
    writeFileSync(at("words.pth"), "these are words");
    mkdirSync(at("run", "checkpoints"), { recursive: true });
    writeFileSync(at("run", "checkpoints", "a.safetensors"), "no model");
    writeFileSync(at("run", "a-log.txt"), "no model");
    writeFileSync(at("run", "model.safetensors"), await encodeModelFile(model, about));
    const [first] = await classify({ model, classes: names, info: { images } }, drawn(4), { topK: 1 });
    best = first!.label!;
    folded.model.dispose();
  }

  beforeAll(async () => {
    mkdirSync("build", { recursive: true });
    folder = mkdtempSync(resolve("build", "try-"));
    const { model, images } = await subject();
    await writeModels(model, images);
    model.dispose();
    const large = models.createModel("repvgg_a2", { numClasses: 1000, seed: 0 });
    writeFileSync(at("large.pth"), await io.encodeWeights(await io.toFileEntries(large), {}, { container: "torch" }));
    large.dispose();
    picture = at("picture.png");
    writeFileSync(picture, encodePng(drawn(4)));
    pages = await servePages(await buildPages(folder));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open() {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on("console", (message) => void said.push(message.text()));
    page.on("pageerror", (error) => void said.push(error.message));
    await page.goto(pages.url);
    await page.getByRole("link", { name: "Try" }).click();
    await page.getByRole("heading", { name: "Try a model" }).waitFor();
    return { page, said };
  }

  /** What Node says by the same file; of ONNX, what the model said that it was made of. */
  async function labelOf(file: string): Promise<string> {
    if (file.endsWith(".onnx")) return best;
    const loaded = decodeModelFile(readFileSync(at(file)), file);
    const [first] = await classify(loaded, drawn(4), { topK: 1 });
    loaded.model.dispose();
    return first!.label ?? `class ${first!.index}`;
  }

  const modelInput = "input[accept='.safetensors,.pth,.pt,.onnx']";
  const answered = (page: Page) => page.locator(".result .scores").first();

  it.each([
    ["folded.safetensors", true],
    ["weights.pth", true],
    ["model.onnx", false],
  ])("answers by %s, as Node does, with the time it takes", async (file, hasHeat) => {
    const { page, said } = await open();
    await page.setInputFiles(modelInput, at(file));
    await page.getByText("3 classes, sees").waitFor();
    await page.setInputFiles("input[accept='image/*']", picture);
    await answered(page).waitFor();
    const text = (await page.locator(".result").first().textContent())!;
    expect(text).toMatch(/\d ms/);
    expect(
      text
        .replace(/^.* ms/, "")
        .trimStart()
        .startsWith(await labelOf(file)),
    ).toBe(true);
    expect(await page.getByRole("button", { name: "Where it looks" }).count()).toBe(hasHeat ? 1 : 0);
    expect(said).toEqual([]);
    await page.close();
  });

  it("takes what a run delivers of a run's folder, and a picture in the same drop", async () => {
    const { page, said } = await open();
    await dropFiles(page, [at("run"), picture]);
    await answered(page).waitFor();
    expect(await page.locator(".result").first().textContent()).toContain(best);
    expect(await page.getByRole("button", { name: "model.safetensors" }).count()).toBe(1);
    expect(said).toEqual([]);
    await page.close();
  });

  it.each([
    "cut.onnx",
    "cut.safetensors",
    "words.pth",
  ])("says of %s in one line what is wrong, and what would do", async (file) => {
    const { page, said } = await open();
    await page.setInputFiles(modelInput, at(file));
    const alert = page.getByRole("alert");
    await alert.waitFor();
    const words = (await alert.locator("strong").textContent())!;
    expect(words).not.toMatch(/\n/);
    expect(words.length).toBeGreaterThan(20);
    expect((await alert.locator(".soft").textContent())!.trim().length).toBeGreaterThan(10);
    // what was dropped afterwards is taken
    await page.setInputFiles(modelInput, at("folded.safetensors"));
    await page.getByText("3 classes, sees").waitFor();
    expect(said).toEqual([]);
    await page.close();
  });

  it("loads a .pth of a hundred megabytes while the page draws on", async () => {
    const { page, said } = await open();
    await page.evaluate(`
      globalThis.frames_ = []; const tick = (now) => { frames_.push(now); requestAnimationFrame(tick); }; requestAnimationFrame(tick);
      globalThis.from_ = performance.now();
    `);
    await page.setInputFiles(modelInput, at("large.pth"));
    await page.getByText("1000 classes, sees 224").waitFor();
    const { gap, took } = (await page.evaluate(`({
      took: performance.now() - from_,
      gap: Math.max(...frames_.map((at, i) => i === 0 ? 0 : at - frames_[i - 1])),
    })`)) as { gap: number; took: number };
    console.info(`100 MB: ${took.toFixed(0)} ms, longest gap between frames ${gap.toFixed(0)} ms`);
    expect(gap).toBeLessThan(took / 2);
    expect(said).toEqual([]);
    await page.close();
  });
});
