/**
 * A report in Chromium, narrow and wide, dark and light: it says nothing on the console, asks for nothing, fits its width, draws its
 * curves, and its buttons do what they say.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { encode } from "fast-png";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readUPlot } from "../../src/report/page/uplot.js";
import { renderReport } from "../../src/report/render.js";
import { facts } from "../report/facts.js";
import { executable, launchChromium } from "./chromium.js";

/** What a text has against its paper, WCAG 2.1 1.4.3. */
const CONTRAST = 4.5;

describe.skipIf(executable === undefined)("a report in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "tensorone-report-page-"));
  const file = join(folder, "report.html");
  let browser: Browser;
  beforeAll(async () => {
    writeFileSync(
      file,
      renderReport(facts(), await readUPlot(), (image) => encode({ ...image, depth: 8 })),
    );
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(width: number, colorScheme: "light" | "dark"): Promise<{ page: Page; said: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, offline: true });
    const said: string[] = [];
    page.on("console", (message) => void said.push(message.text()));
    page.on("pageerror", (error) => void said.push(error.message));
    page.on("dialog", (dialog) => void said.push(dialog.message()));
    page.on("request", (request) => {
      if (!/^(file|data):/.test(request.url())) said.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector(".uplot canvas");
    return { page, said };
  }

  it.each([
    [1400, "light"],
    [1400, "dark"],
    [400, "light"],
    [400, "dark"],
  ] as const)("at %i px, %s", async (width, scheme) => {
    const { page, said } = await open(width, scheme);
    const seen = (await page.evaluate(`(() => {
      const canvases = [...document.querySelectorAll(".uplot canvas")];
      const inked = canvases.filter((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value, i) => i % 4 === 3 && value > 0);
      });
      return {
        wide: document.documentElement.scrollWidth,
        canvases: canvases.length,
        inked: inked.length,
        scripts: document.scripts.length,
        bold: document.querySelectorAll("b").length,
        headings: [...document.querySelectorAll("h1,h2")].map((heading) => heading.textContent),
        broken: [...document.images].filter((image) => image.naturalWidth === 0).length,
        labels: [...document.querySelectorAll("[role=img]")].filter((one) => !one.ariaLabel && !one.querySelector("title")).length,
      };
    })()`)) as Record<string, unknown>;
    expect(seen).toMatchObject({ canvases: 4, inked: 4, scripts: 2, bold: 0, broken: 0, labels: 0 });
    expect(seen.wide).toBeLessThanOrEqual(width);
    expect(seen.headings).toEqual([
      `it's "here" & <b>there</b>`,
      ...["Curves", "Answers", "Recipe", "Pictures", "Machine and speed", "Costs and folding", "Files"],
    ]);
    expect(said).toEqual([]);
    await page.close();
  });

  it.each(["light", "dark"] as const)("texts stand out from their paper, %s", async (scheme) => {
    const { page } = await open(1400, scheme);
    const pairs = (await page.evaluate(`(() => {
      const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
      const paperOf = (one) => {
        for (let at = one; at; at = at.parentElement) {
          const [r, g, b, a = 1] = rgb(getComputedStyle(at).backgroundColor);
          if (a > 0) return [r, g, b];
        }
        return [255, 255, 255];
      };
      const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
      };
      return [...document.querySelectorAll("body *")]
        .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "") && !one.closest("script,svg"))
        .map((one) => {
          const [a, b] = [light(rgb(getComputedStyle(one).color)), light(paperOf(one))];
          return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.tagName + "." + one.className + " " + one.textContent.slice(0, 30)];
        });
    })()`)) as readonly (readonly [number, string])[];
    await page.close();
    expect(pairs.length).toBeGreaterThan(100);
    expect(pairs.filter(([contrast]) => contrast < CONTRAST)).toEqual([]);
  });

  it("headings of a table sort it, a button shows the last half of the run, and focus is seen", async () => {
    const { page, said } = await open(1400, "light");
    const firsts = (): Promise<string[]> =>
      page.$$eval("#data tbody tr th", (heads) => heads.map((head) => head.textContent ?? ""));
    const before = await firsts();
    await page.click("#data th.n button");
    const down = await firsts();
    expect(await page.getAttribute("#data th.n", "aria-sort")).toBe("descending");
    await page.click("#data th.n button");
    expect(await firsts()).toEqual([...down].reverse());
    expect(down).toEqual(before);
    const picture = (): Promise<string> =>
      page.$eval("#plot-loss canvas", (one) => (one as HTMLCanvasElement).toDataURL());
    const whole = await picture();
    await page.click("[data-share='0.5']");
    await page.waitForTimeout(200);
    expect(await picture()).not.toBe(whole);
    await page.click("[data-share='1']");
    await page.waitForTimeout(200);
    expect(await picture()).toBe(whole);
    await page.focus("nav a");
    await page.keyboard.press("Tab");
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");
    expect(said).toEqual([]);
    await page.close();
  });
});
