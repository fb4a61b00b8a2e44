/**
 * The studio's screens in Chromium, with a worker that computes nothing: every screen narrow and wide, dark and light, by axe; no word on
 * the console, no request elsewhere; a walk by keys; folders dropped as real folders.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executable, launchChromium } from "../browser/chromium.js";
import { buildPages } from "./build-pages.js";
import { dropFiles } from "./drop-files.js";
import { type Pages, servePages } from "./serve-pages.js";

const axe = createRequire(import.meta.url).resolve("axe-core");
const photos = resolve(import.meta.dirname, "..", "..", "studio", "samples");
const shots = resolve("build", "screenshots");

const looks = [1400, 400].flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme })));

describe.skipIf(executable === undefined)("the studio's screens", () => {
  let browser: Browser;
  let folder: string;
  let pages: Pages;
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    folder = mkdtempSync(resolve("build", "studio-ui-"));
    cpSync(join(photos, "cat"), join(folder, "pets", "cat"), { recursive: true });
    cpSync(join(photos, "coffee"), join(folder, "pets", "coffee"), { recursive: true });
    cpSync(join(photos, "rocket"), join(folder, "rocket"), { recursive: true });
    pages = await servePages(await buildPages(folder));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(width = 1400, colorScheme: "light" | "dark" = "light") {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: false });
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => void said.push(message.text()));
    page.on("pageerror", (error) => void said.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(pages.url) && !/^(blob|data):/.test(request.url())) said.push(request.url());
    });
    await page.goto(pages.url);
    await page.getByText("Drop folders here").waitFor();
    await page.getByText(/^2 threads/).waitFor({ state: "attached" });
    return { page, said, close: () => context.close() };
  }

  async function withPictures(page: Page): Promise<void> {
    await dropFiles(page, [join(folder, "pets"), join(folder, "rocket")]);
    await page.getByText("24 pictures taken in").waitFor({ state: "attached" });
    await page.locator(".standing strong").waitFor();
  }

  async function violations(page: Page): Promise<unknown[]> {
    await page.evaluate(await (await import("node:fs/promises")).readFile(axe, "utf8"));
    return page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html, failureSummary }) => html.slice(0, 160) + " " + failureSummary).join(" | ")))`);
  }
  const overflow = (page: Page): Promise<number> =>
    page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

  async function judge(page: Page, name: string): Promise<void> {
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  }

  it.each(looks)("have no fault that axe knows, fit $width px and say nothing, $scheme", async ({ width, scheme }) => {
    const { page, said, close } = await open(width, scheme);
    const name = (what: string): string => `${what}-${width}-${scheme}`;
    await judge(page, name("start"));
    await withPictures(page);
    await page.locator(".tile").first().click();
    await page.getByRole("button", { name: "Improve" }).click();
    await page.getByRole("button", { name: /Last stage/ }).waitFor();
    await judge(page, name("offers"));
    await page.keyboard.press("Escape");
    await page.locator(".picked button").first().click();
    await page.getByText("Grad-CAM: light").waitFor();
    await page.getByRole("button", { name: ".safetensors" }).click();
    await page.getByText("40 of 40 agree", { exact: true }).waitFor();
    await page.getByText("Accuracy as a table").click();
    await judge(page, name("train"));
    await page.getByRole("link", { name: "Try" }).click();
    await judge(page, name("try-empty"));
    await page.setInputFiles("input[accept='image/*']", [
      join(photos, "cat", "0.jpg"),
      join(photos, "rocket", "1.jpg"),
    ]);
    await page.locator(".result .scores").nth(1).waitFor();
    await judge(page, name("try"));
    expect(said).toEqual([]);
    await close();
  });

  it("take folders in, by the names of those that hold the pictures, in the order of code points", async () => {
    const { page, close } = await open();
    await withPictures(page);
    const classes = await page.locator(".filters button[data-class]").allTextContents();
    expect(classes.map((text) => text.trim())).toEqual(["cat 8", "coffee 8", "rocket 8"]);
    await page.getByLabel("Order").selectOption("added");
    const titles = await page.locator(".tile").evaluateAll((tiles) => tiles.map((tile) => tile.getAttribute("title")));
    expect(titles.slice(0, 9)).toEqual([
      ...Array.from({ length: 8 }, (_, i) => `pets/cat/${i}.jpg`),
      "pets/coffee/0.jpg",
    ]);
    await close();
  });

  it("take a folder by an input, samples by a click, and say what is no picture", async () => {
    const { page, close } = await open();
    await page.setInputFiles("input[webkitdirectory]", join(folder, "pets"));
    await page.getByText("16 pictures taken in").waitFor({ state: "attached" });
    await close();
    const other = await open();
    await other.page.getByRole("button", { name: "Use 40 sample pictures" }).click();
    await other.page.getByText("40 pictures taken in").waitFor({ state: "attached" });
    await dropFiles(other.page, [axe]);
    await other.page.getByText("1 file left out that is no picture").first().waitFor();
    await other.close();
  });

  it("are walked by keys: a digit gives the class, Ctrl Z takes it back, arrows move, one tile is a stop", async () => {
    const { page, said, close } = await open();
    await withPictures(page);
    await page.getByLabel("Order").selectOption("added");
    const stops = page.locator(".tile[tabindex='0']");
    expect(await stops.count()).toBe(1);
    await stops.focus();
    await page.keyboard.press("ArrowRight");
    const focusedTitle = (): Promise<string | null> => page.evaluate("document.activeElement.getAttribute('title')");
    expect(await focusedTitle()).toBe("pets/cat/1.jpg");
    await page.keyboard.press("Shift+ArrowRight");
    expect(await page.locator(".tile[aria-selected='true']").count()).toBe(2);
    await page.keyboard.press("3");
    await page.getByText("2 pictures: rocket").waitFor({ state: "attached" });
    const count = async (name: string): Promise<string> =>
      (await page.locator(`.filters button[data-class='${name}'] span`).textContent()) ?? "";
    await expect.poll(() => count("rocket")).toBe("10");
    await page.keyboard.press("Control+z");
    await expect.poll(() => count("rocket")).toBe("8");
    await page.keyboard.press("Escape");
    expect(await page.locator(".tile[aria-selected='true']").count()).toBe(0);
    await page.keyboard.press("End");
    expect(await focusedTitle()).toBe("rocket/7.jpg");
    expect(said).toEqual([]);
    await close();
  });

  it("cut the grid down to a cell of the matrix, and show its numbers to who sees no colours", async () => {
    const { page, close } = await open();
    await withPictures(page);
    const cell = page.locator(".matrix button").first();
    const n = Number(await cell.textContent());
    expect(await cell.getAttribute("aria-label")).toMatch(/^\d+ of \w+ answered \w+, (right|wrong): show$/);
    await cell.click();
    await expect.poll(() => page.locator(".tile").count()).toBe(n);
    await close();
  });

  it("train, pause, go on, and tell the epochs to a live region", async () => {
    const { page, said, close } = await open();
    await withPictures(page);
    await page.getByRole("button", { name: "Improve" }).click();
    await page.getByRole("button", { name: /Last stage/ }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("paused", { exact: false }).first().waitFor();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByText(/^Epoch \d+ of 10: loss/).waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Improve" }).waitFor();
    await page.getByText("Loss as a table").click();
    await expect
      .poll(() => page.locator(".curves details table").first().locator("tbody tr").count(), { timeout: 20_000 })
      .toBe(11);
    expect(said).toEqual([]);
    await close();
  });

  it("answer pictures by a dropped file of weights, on the engine itself, under the page's policy", async () => {
    const { page, said, close } = await open();
    await page.getByRole("link", { name: "Try" }).click();
    await page.getByText("Drop a model and pictures here").waitFor();
    const weights = resolve(import.meta.dirname, "..", "..", "studio", "base", "demo.safetensors");
    await dropFiles(page, [weights, join(photos, "cat", "0.jpg")]);
    await page.locator(".result .scores li").nth(4).waitFor({ timeout: 60_000 });
    const shares = await page.locator(".result .scores .n").allTextContents();
    const sum = shares.reduce((all, text) => all + Number.parseInt(text, 10), 0);
    expect(sum).toBeGreaterThan(50);
    expect(sum).toBeLessThanOrEqual(103);
    await page.getByText("mobileone_s0, 10 classes, sees 64 × 64 px.").waitFor();
    expect(await page.locator(".result canvas").getAttribute("aria-label")).toMatch(/looked at for .+ most$/);
    expect(said).toEqual([]);
    await close();
  });

  it("fit a phone of 320 px", async () => {
    const { page, close } = await open(320);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await withPictures(page);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const small = await page.evaluate(`[...document.querySelectorAll("button, select, a, .button, summary")]
      .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
      .filter(([, { width, height }]) => width > 0 && (height < 24 || width < 24)).map(([text]) => text)`);
    expect(small).toEqual([]);
    await close();
  });

  it("say one thread where the page comes without the headers, after a service worker could not help", async () => {
    const bare = await servePages(
      join(folder, (await import("node:fs")).readdirSync(folder).find((name) => name.startsWith("pages-"))!),
      false,
    );
    const context = await browser.newContext({ serviceWorkers: "block" });
    const page = await context.newPage();
    await page.goto(bare.url);
    await page.getByText("One thread: this page is served without two headers").waitFor();
    await context.close();
    const helped = await browser.newContext();
    const other = await helped.newPage();
    await other.goto(bare.url);
    await other.getByText(/^2 threads/).waitFor();
    expect(await other.evaluate("crossOriginIsolated")).toBe(true);
    await helped.close();
    await bare.close();
  });
});
