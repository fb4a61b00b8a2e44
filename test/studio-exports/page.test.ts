/** The exported HTML file: checked before it is offered, and opened from disk in Chromium, where it answers offline as the tab's model. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodePng } from "../../src/figures/png.js";
import type { Exported } from "../../studio/protocol.js";
import { type Wanted, wantedOf } from "../../studio/worker/exports/check.js";
import { checkHtml, fillPage, pageModel } from "../../studio/worker/exports/html.js";
import { type ExportSubject, exportModel } from "../../studio/worker/exports/index.js";
import { likeliestOf } from "../../studio/worker/exports/look.js";
import { weightsOf } from "../../studio/worker/exports/safetensors.js";
import { executable, launchChromium } from "../browser/chromium.js";
import { classes, drawn, site, subject } from "./subject.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const shots = resolve("build", "screenshots");

let template: string;
let project: ExportSubject;
let wanted: Wanted;
let made: Exported;
beforeAll(async () => {
  template = await site.page();
  project = await subject();
  wanted = await wantedOf(project);
  made = await exportModel("html", project, { ...site, page: () => Promise.resolve(template) });
});
afterAll(() => project?.model.dispose());

describe("the file", () => {
  it("is asked before it is offered, and answers as the tab's model", () => {
    expect(made.name).toBe("my-pets-2.html");
    expect(made.agreement).toMatchObject({ equal: 6, of: 6 });
    expect(made.agreement!.largest).toBeLessThan(1e-4);
  });

  it("that normalises or resizes otherwise is noticed", async () => {
    const weights = await weightsOf(project, project.model);
    const check = (changes: object) =>
      checkHtml(new TextEncoder().encode(fillPage(template, { ...pageModel(project), ...changes }, weights)), wanted);
    expect((await check({ mean: [0, 0, 0], std: [255, 255, 255] })).equal).toBeLessThan(6);
    expect((await check({ resizeSize: 96 })).largest).toBeGreaterThan(0.01);
    expect((await check({ classes: [...classes].reverse() })).equal).toBeLessThan(6);
    expect(await check({})).toMatchObject({ equal: 6 });
  });

  it("holds texts of people as texts, and a policy without an address", () => {
    const text = new TextDecoder().decode(made.bytes);
    expect(text.match(/<script/g)).toHaveLength(3);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)![1]!;
    expect(policy).toMatch(/^default-src 'none'/);
    expect(policy).not.toMatch(/https?:|unsafe-inline|'unsafe-eval'|\*/);
  });

  it("without places for a model is refused", () => {
    expect(() => fillPage("<html>", pageModel(project), new Uint8Array())).toThrow(/no place %TITLE%/);
  });
});

describe.skipIf(executable === undefined)("the file in Chromium, from disk", () => {
  let browser: Browser;
  let folder: string;
  let pictures: string[];
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    folder = mkdtempSync(resolve("build", "take-"));
    writeFileSync(join(folder, made.name), made.bytes);
    pictures = wanted.pictures.map((_, i) => {
      const path = join(folder, `${i}.png`);
      // validation pictures are those of even numbers
      writeFileSync(path, encodePng(drawn(2 * i)));
      return path;
    });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(width: number, colorScheme: "light" | "dark") {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true });
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => void said.push(message.text()));
    page.on("pageerror", (error) => void said.push(error.message));
    page.on("request", (request) => void said.push(request.url()));
    const address = pathToFileURL(join(folder, made.name)).href;
    await page.goto(address);
    await page.locator("html[data-ready]").waitFor({ state: "attached" });
    return { page, said, address, close: () => context.close() };
  }

  const answers = (page: Page): Promise<{ name: string; label: string; score: string }[]> =>
    page.locator("#results > li").evaluateAll((items) =>
      items.map((item) => ({
        name: item.querySelector("h2")!.textContent!.split(",")[0]!,
        label: item.querySelector("ol span")!.textContent!,
        score: item.querySelector("ol span:nth-child(2)")!.textContent!,
      })),
    );

  it("gives the tab's answers to all validation pictures, asks for nothing, says nothing on the console", async () => {
    const { page, said, address, close } = await open(1200, "light");
    await page.setInputFiles("#files", pictures);
    await page.getByText("6 pictures answered").waitFor();
    const found = new Map((await answers(page)).map((one) => [one.name, one]));
    wanted.scores.forEach((scores, i) => {
      const best = likeliestOf(scores);
      const { label, score } = found.get(`${i}.png`)!;
      expect(label).toBe(classes[best]);
      expect(Number.parseFloat(score)).toBeCloseTo(100 * scores[best]!, 0);
    });
    expect(await page.title()).toBe(project.project);
    // the page itself, and the icon that is no file
    expect(said.filter((what) => what !== address && what !== "data:,")).toEqual([]);
    await close();
  });

  it("shows where it looks, and says of a file that is no picture why it has no answer", async () => {
    const { page, said, close } = await open(1200, "light");
    writeFileSync(join(folder, "no.png"), "no picture");
    await page.setInputFiles("#files", [pictures[0]!, join(folder, "no.png")]);
    await page.getByText("2 pictures answered").waitFor();
    expect(await page.locator("#results > li").first().textContent()).toMatch(/no\.png.*expected a picture/);
    const canvas = page.locator("#results > li").last().locator("canvas");
    const pixels = (): Promise<string> => canvas.evaluate((one) => (one as HTMLCanvasElement).toDataURL());
    const before = await pixels();
    await page.getByRole("button", { name: "Where it looks" }).click();
    await expect.poll(pixels).not.toBe(before);
    await page.getByRole("button", { name: "Where it looks" }).click();
    await expect.poll(pixels).toBe(before);
    expect(said.filter((what) => !/^(file|data|blob):/.test(what))).toEqual([]);
    await close();
  });

  it("makes large pictures smaller as the studio did, where the model says so", async () => {
    const large = join(folder, "large.png");
    writeFileSync(large, encodePng(drawn(4, 1280, 1060)));
    const weights = await weightsOf(project, project.model);
    const squareBy = async (betweenSide?: number): Promise<string> => {
      const about = { ...pageModel(project), ...(betweenSide !== undefined && { betweenSide }) };
      writeFileSync(join(folder, "large.html"), fillPage(template, about, weights));
      const page = await browser.newPage();
      await page.goto(pathToFileURL(join(folder, "large.html")).href);
      await page.locator("html[data-ready]").waitFor({ state: "attached" });
      await page.setInputFiles("#files", large);
      await page.getByText("1 picture answered").waitFor();
      await page.locator("#results ol").waitFor();
      const pixels = await page.locator("canvas").evaluate((one) => (one as HTMLCanvasElement).toDataURL());
      await page.close();
      return pixels;
    };
    const [exact, high, above] = [await squareBy(), await squareBy(768), await squareBy(1060)];
    expect(high).not.toBe(exact);
    // a picture that is no larger takes no such step
    expect(above).toBe(exact);
  });

  it.each(
    [1400, 360].flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme }))),
  )("has no fault that axe knows and fits $width px, $scheme", async ({ width, scheme }) => {
    const { page, close } = await open(width, scheme);
    await page.setInputFiles("#files", pictures);
    await page.getByText("6 pictures answered").waitFor();
    await page.screenshot({ path: join(shots, `taken-${width}-${scheme}.png`), fullPage: true });
    await page.evaluate(axe);
    const faults = await page.evaluate(
      `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].html))`,
    );
    expect(faults).toEqual([]);
    const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
    await close();
  });
});
