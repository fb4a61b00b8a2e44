/**
 * [Watch] in Chromium, served by the studio's own server over folders of runs: live curves, the options that differ, reports, dropped
 * folders without a server, 250 runs; narrow and wide, dark and light, by axe; no word on the console, no request elsewhere.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Studio, startStudio } from "../../src/studio-server/server.js";
import { executable, launchChromium } from "../browser/chromium.js";
import { append, makeRun, stepLine, validationLine } from "../studio-server/runs.js";
import { buildPages } from "../studio-ui/build-pages.js";
import { dropFiles } from "../studio-ui/drop-files.js";
import { type Pages, servePages } from "../studio-ui/serve-pages.js";
import { openAt, overflow, violations } from "./pages.js";

const shots = resolve("build", "screenshots");
const looks = [1400, 400].flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme })));
const REPORT = `<!doctype html><html lang="en"><title>Report</title><style>body{font:16px sans-serif}</style><h1>A report</h1>
<p id="told">without script</p><script>document.getElementById("told").textContent = "script ran";</script></html>`;

describe.skipIf(executable === undefined)("[Watch]", () => {
  let browser: Browser;
  let folder: string;
  let built: string;
  let runs: string;
  let studio: Studio;
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    folder = mkdtempSync(resolve("build", "studio-watch-"));
    runs = join(folder, "runs");
    makeRun(join(runs, "s0-1"), { steps: 200, lr: 0.1 });
    makeRun(join(runs, "s0-2"), { steps: 160, lr: 0.2, loss: 0.3, top1: -4, seed: 3 });
    makeRun(join(runs, "s0-10"), { steps: 240, lr: 0.05, loss: 0.6, top1: -9 });
    writeFileSync(join(runs, "s0-1", "report.html"), REPORT);
    built = await buildPages(folder);
    studio = await startStudio({ runs, pages: built });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await studio?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (url = studio.url, ...look: [number?, ("light" | "dark")?]) => {
    const opened = await openAt(browser, `${url}#/watch`, ...look);
    await opened.page.getByRole("heading", { name: "Watch runs" }).waitFor();
    return opened;
  };
  const chart = (page: Page, title: string) =>
    page.locator("figure.chart", { has: page.getByText(title, { exact: true }) });
  const names = (page: Page): Promise<string[]> => page.locator(".watch-list tbody th").allTextContents();

  it.each(looks)("has no fault that axe knows, fits $width px and says nothing, $scheme", async ({ width, scheme }) => {
    const { page, said, close } = await open(studio.url, width, scheme);
    await chart(page, "Training loss").locator("canvas").waitFor();
    await page.getByText("Training loss as a table").click();
    await page.locator(".watch-rows tbody tr").nth(2).waitFor();
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(shots, `watch-${width}-${scheme}.png`), fullPage: true });
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.getByRole("button", { name: "Report of s0-1", exact: true }).click();
    await page.frameLocator("iframe").getByText("script ran").waitFor();
    await page.screenshot({ path: join(shots, `watch-report-${width}-${scheme}.png`) });
    expect(await violations(page)).toEqual([]);
    expect(said).toEqual([]);
    await close();
  });

  it("lays runs over each other, numbers in names as numbers, with a table of the same numbers behind", async () => {
    const { page, said, close } = await open();
    await chart(page, "Top-1").locator("canvas").waitFor();
    expect(await names(page)).toEqual(["s0-1", "s0-2", "s0-10"]);
    await page.getByText("Training loss as a table").click();
    const rows = chart(page, "Training loss").locator("tbody tr");
    await rows.nth(2).waitFor();
    expect(await rows.nth(0).locator("th").textContent()).toMatch(/^s0-1 · .*lr 0\.1/);
    // 1 + 2 / step, and .3 more: as test/studio-server/runs.ts writes them
    expect(await rows.nth(0).locator("td").allTextContents()).toEqual(["200", "3", "1.01", "1.01", "3"]);
    expect((await rows.nth(1).locator("td").allTextContents())[0]).toBe("160");
    const label = await chart(page, "Top-1").getByRole("img").getAttribute("aria-label");
    expect(label).toBe("Top-1 of 3 runs: last values from 76 % (s0-2) to 99 % (s0-1)");
    expect(said).toEqual([]);
    await close();
  });

  it("names the options that differ, and nothing else, in columns after the figures", async () => {
    const { page, close } = await open();
    await page.locator(".watch-list tbody tr").nth(2).waitFor();
    const heads = (await page.locator(".watch-list thead th").allTextContents()).slice(7);
    expect(heads).toContain("lr");
    expect(heads).toContain("seed");
    expect(heads).not.toContain("model");
    await close();
  });

  it("follows a run as it goes on, and one that begins, without being asked", async () => {
    const live = join(folder, "live");
    makeRun(join(live, "a"), { steps: 20 });
    const other = await startStudio({ runs: live, pages: built });
    const { page, said, close } = await open(other.url);
    const step = page.locator(".watch-list tbody tr").first().locator("td").nth(1);
    await expect.poll(() => step.textContent()).toMatch(/^20/);
    append(join(live, "a"), [21, 22, 23].map((n) => stepLine(n)).join("") + validationLine(3, 77.5));
    await expect.poll(() => step.textContent(), { timeout: 15_000 }).toMatch(/^23/);
    const top1 = chart(page, "Top-1").getByRole("img");
    await expect.poll(() => top1.getAttribute("aria-label"), { timeout: 15_000 }).toBe("Top-1: last 77.5 % (a)");
    makeRun(join(live, "b"), { steps: 40, lr: 0.3 });
    await page.getByRole("checkbox", { name: "b", exact: true }).waitFor({ timeout: 15_000 });
    await expect.poll(() => top1.getAttribute("aria-label"), { timeout: 15_000 }).toContain("of 2 runs");
    expect(said).toEqual([]);
    await other.close();
    await page.getByText("no connection").waitFor();
    await close();
  });

  it("is steered by keys: axis, logarithms, smoothing, the part shown, which runs are drawn", async () => {
    const { page, said, close } = await open();
    await chart(page, "Training loss").locator("canvas").waitFor();
    const press = async (name: string): Promise<void> => {
      await page.getByRole("button", { name, exact: true }).focus();
      await page.keyboard.press("Enter");
    };
    await page.getByText("Training loss as a table").click();
    const last = chart(page, "Training loss").locator("tbody tr").first().locator("td").first();
    expect(await last.textContent()).toBe("200");
    await press("epoch");
    await expect.poll(() => last.textContent()).toBe("20");
    await press("time");
    await expect.poll(() => last.textContent()).toBe("4");
    await press("step");
    for (const name of ["log x", "log y", "Nearer", "Later", "Earlier", "Further"]) await press(name);
    await expect.poll(() => page.getByRole("button", { name: "All", exact: true }).isDisabled()).toBe(true);
    await page.getByRole("slider").focus();
    await page.keyboard.press("End");
    expect(await page.locator(".watch-smooth output").textContent()).toBe("0.99");
    await page.getByRole("checkbox", { name: "s0-2" }).focus();
    await page.keyboard.press("Space");
    await page.getByText("2 of 3 drawn").waitFor();
    await press("Draw s0-10 alone");
    await page.getByText("1 of 3 drawn").waitFor();
    await press("Draw all");
    await page.getByRole("searchbox").fill("seed 3");
    await expect.poll(() => names(page)).toEqual(["s0-2"]);
    await page.getByRole("searchbox").fill("");
    await press("Report of s0-1");
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    expect(said).toEqual([]);
    await close();
  });

  it("draws 250 runs at once: each is fetched once, and a step of one fetches that one", async () => {
    const many = join(folder, "many");
    for (let n = 1; n <= 250; n++) makeRun(join(many, `run-${n}`), { steps: 100, lr: n / 1000, loss: n / 250 });
    const other = await startStudio({ runs: many, pages: built });
    const { page, said, close } = await openAt(browser, `${other.url}#/train`);
    const fetched: string[] = [];
    page.on("request", (request) => {
      const [, id] = /runs\/([^/]+)\/curves/.exec(request.url()) ?? [];
      if (id) fetched.push(id);
    });
    await page.goto(`${other.url}#/watch`);
    const loss = chart(page, "Training loss").getByRole("img");
    await expect.poll(() => loss.getAttribute("aria-label"), { timeout: 60_000 }).toContain("of 250 runs");
    expect(fetched.length).toBe(250);
    expect(new Set(fetched).size).toBe(250);
    await page.screenshot({ path: join(shots, "watch-250.png") });
    append(join(many, "run-7"), stepLine(101));
    await expect.poll(() => fetched.length, { timeout: 30_000 }).toBe(251);
    expect(fetched.at(-1)).toBe("run-7");
    expect(said).toEqual([]);
    await close();
    await other.close();
  });

  it("reads dropped folders where no server is, and sends nothing", async () => {
    const pages: Pages = await servePages(built);
    const { page, said, close } = await open(pages.url);
    await page.getByText("Drop run folders here").waitFor();
    await page.screenshot({ path: join(shots, "watch-static.png") });
    expect(await violations(page)).toEqual([]);
    await dropFiles(page, [runs]);
    await chart(page, "Training loss").locator("canvas").waitFor();
    expect(await names(page)).toEqual(["runs/s0-1", "runs/s0-2", "runs/s0-10"]);
    expect(await page.getByRole("button", { name: /^Report/ }).count()).toBe(0);
    await page.reload();
    await page.setInputFiles("input[webkitdirectory]", join(runs, "s0-2"));
    await expect.poll(() => names(page)).toEqual(["s0-2"]);
    expect(pages.requests.filter((path) => path.includes("api"))).toEqual([]);
    expect(said).toEqual([]);
    await close();
    await pages.close();
  });
});
