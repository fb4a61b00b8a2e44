/**
 * The studio as a person uses it, screens and true worker together: folders dropped, answers, an improvement, a file taken away, a reload.
 * Nothing on the console, no request elsewhere, and no fault that axe knows at two widths, dark and light.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executable, launchChromium } from "../browser/chromium.js";
import { buildPages } from "../studio-ui/build-pages.js";
import { dropFiles } from "../studio-ui/drop-files.js";
import { type Pages, servePages } from "../studio-ui/serve-pages.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const demo = resolve(import.meta.dirname, "..", "..", "demo", "fashion-mnist", "train");
const shots = resolve("build", "screenshots");

describe.skipIf(executable === undefined)("a person's steps in the studio", () => {
  let browser: Browser;
  let folder: string;
  let pages: Pages;
  let folders: string[];
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    folder = mkdtempSync(resolve("build", "studio-steps-"));
    folders = readdirSync(demo)
      .sort()
      .slice(5)
      .map((name) => {
        const made = join(folder, name);
        mkdirSync(made);
        for (const file of readdirSync(join(demo, name)).sort().slice(0, 4))
          cpSync(join(demo, name, file), join(made, file));
        return made;
      });
    pages = await servePages(await buildPages(folder, false));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** axe and the width of the page, at two widths, dark and light. */
  async function judge(page: Page, name: string): Promise<void> {
    for (const width of [1400, 400])
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await page.waitForTimeout(250);
        await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        await page.evaluate(axe);
        const found = await page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
          violations.map(({ id, nodes }) => id + ": " + nodes[0].html.slice(0, 160)))`);
        expect(found, `${name} at ${width} px, ${colorScheme}`).toEqual([]);
        const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
      }
    await page.setViewportSize({ width: 1400, height: 900 });
  }

  it("end with a model that answers elsewhere as in the tab, and survive a reload", async () => {
    const context = await browser.newContext({ acceptDownloads: true });
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => void said.push(message.text()));
    page.on("pageerror", (error) => void said.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(pages.url) && !/^(blob|data):/.test(request.url())) said.push(request.url());
    });
    await page.goto(pages.url);
    await page.getByText("Drop folders here").waitFor();
    await dropFiles(page, folders);
    await page.getByText("20 pictures taken in").waitFor({ state: "attached" });
    await page.locator(".take-away button:not([disabled])").first().waitFor();
    expect(await page.locator(".tile").count()).toBe(20);
    await judge(page, "true-answered");

    await page.getByRole("button", { name: /^Improve/ }).click();
    const offers = page.locator(".offers li button");
    await offers.nth(3).waitFor();
    expect(await offers.count()).toBe(4);
    await offers.last().click();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).waitFor();
    await judge(page, "true-paused");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByRole("button", { name: "Pause" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Go on" }).waitFor({ state: "detached" });

    await page.getByRole("button", { name: ".safetensors" }).click();
    await page.getByText("5 of 5 agree", { exact: true }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: /^Download/ }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("studio.safetensors");
    expect(readFileSync((await download.path())!).length).toBeGreaterThan(4e6);
    const answers = await page.locator(".tile").allTextContents();
    await judge(page, "true-improved");
    // judging changed the theme of the system four times: curves are drawn again, of the numbers of now
    const isDrawn = (canvas: HTMLCanvasElement | SVGElement): boolean => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
      const colours = new Set<string>();
      for (let i = 0; i < data.length; i += 4) if (data[i + 3]! > 200) colours.add(`${data.slice(i, i + 3)}`);
      return [...colours].some((colour) => {
        const [red, , blue] = colour.split(",").map(Number) as [number, number, number];
        return Math.abs(red - blue) > 60;
      });
    };
    expect(await page.locator(".curves canvas").first().evaluate(isDrawn)).toBe(true);

    await page.reload();
    await page.locator(".take-away button:not([disabled])").first().waitFor();
    await expect.poll(() => page.locator(".tile").allTextContents()).toEqual(answers);
    expect(said).toEqual([]);
    await context.close();
  });
});
