/**
 * The static site, built from the checkout with stand-in pages for the studio: no dead link, numbers of the home page from the measured
 * file, every page below a subpath in Chromium without a fault that axe knows, a word on the console or a request elsewhere.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executable, launchChromium } from "../browser/chromium.js";
import { buildPages } from "../studio-ui/build-pages.js";
import { type Pages, servePages } from "../studio-ui/serve-pages.js";
import { openAt, overflow, violations } from "../studio-watch/pages.js";

const root = resolve(import.meta.dirname, "..", "..");
const shots = join(root, "build", "screenshots");
const SUBPATH = "below/here";

describe("the site", () => {
  let folder: string;
  let site: string;
  let told: string;
  const build = (...more: readonly string[]) =>
    spawnSync(process.execPath, [join(root, "scripts/build-site.mjs"), "--out", site, ...more], { encoding: "utf8" });
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    folder = mkdtempSync(join(root, "build", "site-test-"));
    site = join(folder, SUBPATH);
    const built = build("--studio", await buildPages(folder));
    told = built.stdout + built.stderr;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has no dead link, guides, measurements, the reference and the studio among its pages", () => {
    expect(told).toMatch(/\d+ pages.*, the reference\n$/);
    for (const path of [
      "index.html",
      "guides/in-a-browser.html",
      "results/compare.html",
      "reference/index.html",
      "studio/index.html",
    ])
      expect(existsSync(join(site, path)), path).toBe(true);
  });

  it("tells dead links, anchors that are missing and ways out of the folder", async () => {
    const { deadLinks } = (await import(join(root, "scripts/site/links.mjs"))) as {
      deadLinks(folder: string): readonly string[];
    };
    const broken = join(folder, "broken");
    mkdirSync(broken);
    writeFileSync(
      join(broken, "a.html"),
      '<p id="one"><a href="#one">1</a><a href="b.html#two">2</a><a href="https://x.y/">3</a>',
    );
    writeFileSync(
      join(broken, "b.html"),
      '<a href="a.html#one">1</a><a href="../a.html">2</a><a href="/a.html">3</a><img src="c.png">',
    );
    expect(deadLinks(broken)).toEqual(["a.html: b.html#two", "b.html: ../a.html", "b.html: /a.html", "b.html: c.png"]);
  });

  it("compares by the numbers of bench/results/compare.json, the better first", () => {
    const { rows } = JSON.parse(readFileSync(join(root, "bench/results/compare.json"), "utf8")) as {
      readonly rows: readonly {
        readonly model: string;
        readonly form: string;
        readonly threads: number;
        readonly medianMs: number;
      }[];
    };
    const times = rows
      .filter(({ model, form, threads }) => model === "mobileone_s0" && form === "deploy" && threads === 1)
      .map(({ medianMs }) => medianMs)
      .sort((a, b) => a - b);
    const html = readFileSync(join(site, "index.html"), "utf8");
    const [, table] =
      /<caption>One answer of mobileone_s0, 224 px, batch 1, 1 thread:([\s\S]*?)<\/table>/.exec(html) ?? [];
    const shown = [...table!.matchAll(/<td class="n">([\d.]+)</g)].map(([, number]) => Number(number));
    expect(shown.length).toBe(times.length);
    for (const [i, number] of shown.entries()) expect(number / times[i]!).toBeCloseTo(1, 1);
  });

  describe.skipIf(executable === undefined)("in Chromium, below a subpath", () => {
    let browser: Browser;
    let pages: Pages;
    beforeAll(async () => {
      cpSync(join(site, "studio", "headers.json"), join(folder, "headers.json"));
      pages = await servePages(folder, false);
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser?.close();
      await pages?.close();
    });
    const at = (path: string): string => `${pages.url}${SUBPATH}/${path}`;

    it.each(
      [1400, 400].flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme }))),
    )("the home page and every other fit $width px and have no fault that axe knows, $scheme", async ({
      width,
      scheme,
    }) => {
      const { page, said, close } = await openAt(browser, at("index.html"), width, scheme);
      await page.screenshot({ path: join(shots, `site-${width}-${scheme}.png`), fullPage: true });
      const all = ["index.html", "guides/index.html", "results/index.html"].concat(
        ["guides", "results"].flatMap((part) =>
          readdirSync(join(site, part)).flatMap((name) => (name.endsWith(".html") ? [`${part}/${name}`] : [])),
        ),
      );
      // one look at all of them; the others at those that differ in kind
      const looked =
        width === 1400 && scheme === "light"
          ? all
          : [...all.slice(0, 3), "guides/in-a-browser.html", "results/compare.html"];
      for (const path of new Set(looked)) {
        await page.goto(at(path));
        expect(await violations(page), path).toEqual([]);
        expect(await overflow(page), path).toBeLessThanOrEqual(0);
      }
      expect(said).toEqual([]);
      await close();
    });

    it("the studio gets its threads by a service worker, and shows its screens", async () => {
      const { page, said, close } = await openAt(browser, at("studio/index.html"));
      await page.getByText(/^2 threads/).waitFor();
      await page.getByRole("link", { name: "Watch" }).click();
      await page.getByText("Drop run folders here").waitFor();
      expect(said).toEqual([]);
      await close();
    });
  });
});
