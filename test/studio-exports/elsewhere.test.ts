/**
 * Files exported in a bundled worker of Chromium, run elsewhere: ONNX in ONNX Runtime, safetensors by the library in Node, the page from
 * disk. All answer the sample pictures as the tab did, from the pictures' own files and by what each file says of itself.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as ort from "onnxruntime-web";
import type { Browser, Page } from "playwright-core";
import { build, mergeConfig } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  applyTransform,
  classify,
  decodeModelFile,
  encodeModelFile,
  evalTransform,
  readImage,
} from "../../src/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Exported, ExportFormat } from "../../studio/protocol.js";
import settings from "../../vite.studio.config.js";
import { executable, launchChromium } from "../browser/chromium.js";
import { type Pages, servePages } from "../studio-ui/serve-pages.js";
import { spreadModel } from "./network.js";

const samples = resolve(import.meta.dirname, "..", "..", "studio", "samples");
const classes = ["cat", "coffee", "eye", "person", "rocket"];
const [SIDE, RESIZE] = [64, 73];

interface Taken extends Omit<Exported, "bytes"> {
  readonly bytes: string;
  readonly labels: readonly (readonly [name: string, label: string])[];
}

describe.skipIf(executable === undefined)("files exported in a tab", () => {
  let folder: string;
  let pages: Pages;
  let browser: Browser;
  let page: Page;
  const said: string[] = [];
  /** Names "cat-0.jpg", the samples' files. */
  const files = new Map<string, string>();

  beforeAll(async () => {
    mkdirSync("build", { recursive: true });
    folder = mkdtempSync(resolve("build", "elsewhere-"));
    for (const label of classes)
      for (const name of readdirSync(join(samples, label)).filter((one) => one.endsWith(".jpg"))) {
        const copy = join(folder, `${label}-${name}`);
        writeFileSync(copy, readFileSync(join(samples, label, name)));
        files.set(`${label}-${name}`, copy);
      }
    const images = await Promise.all([...files.values()].map((path) => readImage(path)));
    const model = await spreadModel(classes.length, images, SIDE, RESIZE);
    const recipe = { images: { ...mobileoneS0Demo.images, evalSize: SIDE, evalResize: RESIZE } };
    writeFileSync(join(folder, "model.safetensors"), await encodeModelFile(model, { classes, recipe }));
    model.dispose();
    const outDir = join(folder, "pages");
    const bare = join(import.meta.dirname, "bare");
    const { build: own, ...rest } = settings;
    const input = { index: join(bare, "index.html") };
    const kept = { ...own, outDir, rolldownOptions: { input } };
    await build(mergeConfig({ ...rest, configFile: false }, { root: bare, build: kept }));
    pages = await servePages(outDir);
    browser = await launchChromium();
    page = await browser.newPage();
    page.on("console", (message) => void said.push(message.text()));
    page.on("request", (request) => {
      if (!request.url().startsWith(pages.url) && !/^(blob|data):/.test(request.url())) said.push(request.url());
    });
    await page.goto(pages.url);
    await page.setInputFiles("#model", join(folder, "model.safetensors"));
    await page.setInputFiles("#pictures", [...files.values()]);
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function taken(format: ExportFormat) {
    const made = (await page.evaluate(`exported("${format}")`)) as Taken;
    return { ...made, bytes: new Uint8Array(Buffer.from(made.bytes, "base64")) };
  }

  it("safetensors: answers in Node as in the tab", async () => {
    const { bytes, labels, agreement } = await taken("safetensors");
    expect(agreement).toMatchObject({ equal: files.size, of: files.size });
    expect(new Set(labels.map(([, label]) => label)).size).toBeGreaterThan(2);
    const loaded = decodeModelFile(bytes);
    const found: (readonly [string, string | undefined])[] = [];
    for (const [name] of labels) {
      const [best] = await classify(loaded, files.get(name)!, { topK: 1 });
      found.push([name, best!.label]);
    }
    loaded.model.dispose();
    expect(found).toEqual(labels);
  });

  it("onnx: answers in ONNX Runtime as in the tab, from bytes", async () => {
    const { bytes, labels, agreement } = await taken("onnx");
    expect(agreement).toMatchObject({ equal: files.size, of: files.size });
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(bytes);
    const found: (readonly [string, string])[] = [];
    for (const [name] of labels) {
      const image = await readImage(files.get(name)!);
      const square = applyTransform(evalTransform({ imageSize: SIDE, resizeSize: RESIZE }), image);
      const input = new ort.Tensor("uint8", square.data, [1, SIDE, SIDE, 3]);
      const { logits } = await session.run({ images: input });
      const values = [...(logits!.data as Float32Array)];
      found.push([name, classes[values.indexOf(Math.max(...values))]!]);
    }
    await session.release();
    expect(found).toEqual(labels);
  });

  it("html: answers from disk as in the tab", async () => {
    const { bytes, labels, agreement } = await taken("html");
    expect(agreement).toMatchObject({ equal: files.size, of: files.size });
    writeFileSync(join(folder, "samples.html"), bytes);
    const context = await browser.newContext({ offline: true });
    const opened = await context.newPage();
    await opened.goto(pathToFileURL(join(folder, "samples.html")).href);
    await opened.locator("html[data-ready]").waitFor({ state: "attached" });
    await opened.setInputFiles("#files", [...files.values()]);
    await opened.getByText(`${files.size} pictures answered`).waitFor();
    const found = await opened
      .locator("#results > li")
      .evaluateAll((items) =>
        items.map((item) => [
          item.querySelector("h2")!.textContent!.split(",")[0]!,
          item.querySelector("ol span")!.textContent!,
        ]),
      );
    expect(new Map(found as [string, string][])).toEqual(new Map(labels));
    await context.close();
  });

  it("report: its script runs from disk as the bundle wrote it, and the tab said nothing and asked nobody else", async () => {
    const { bytes, agreement } = await taken("report");
    expect(agreement).toBeNull();
    writeFileSync(join(folder, "report.html"), bytes);
    const opened = await browser.newPage();
    const faults: string[] = [];
    opened.on("console", (message) => void faults.push(message.text()));
    opened.on("pageerror", (error) => void faults.push(error.message));
    await opened.goto(pathToFileURL(join(folder, "report.html")).href);
    await opened.locator(".plot canvas").first().waitFor();
    await opened.getByRole("button", { name: "last half" }).click();
    expect(faults).toEqual([]);
    await opened.close();
    expect(said).toEqual([]);
  });
});
