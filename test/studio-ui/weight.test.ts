/**
 * What the studio's pages weigh, compressed, before any weights: what a tab asks for until it can take pictures. A page that grows is noticed
 * here.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executable, launchChromium } from "../browser/chromium.js";
import { buildPages } from "./build-pages.js";
import { servePages } from "./serve-pages.js";

/** Of the 150 KB of a start page; the engine comes with the first pictures. */
const PAGE_KB = 65;

describe.skipIf(executable === undefined)("the studio's pages", () => {
  let folder: string;
  beforeAll(() => {
    mkdirSync("build", { recursive: true });
    folder = mkdtempSync(resolve("build", "studio-weight-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(`ask for at most ${PAGE_KB} KB, and for nothing of a GPU or of samples`, async () => {
    const built = await buildPages(folder, false);
    const pages = await servePages(built);
    const browser = await launchChromium();
    const page = await browser.newPage();
    await page.goto(pages.url);
    await page.getByText("Drop folders here").waitFor();
    await page.getByText(/^2 threads/).waitFor();
    await browser.close();
    await pages.close();
    const asked = [...new Set(pages.requests)].map((path) => (path === "/" ? "index.html" : path.slice(1)));
    expect(asked.filter((name) => /gpu|samples|try-worker|studio-|decoder/.test(name))).toEqual([]);
    const sizes = asked.map((name) => [gzipSync(readFileSync(join(built, name))).length / 1000, name] as const);
    const all = sizes.reduce((sum, [size]) => sum + size, 0);
    expect(all, JSON.stringify(sizes)).toBeLessThanOrEqual(PAGE_KB);
  });

  it("carry one policy in the page and in the headers beside it, without an address of others", async () => {
    const built = await buildPages(folder);
    const page = readFileSync(join(built, "index.html"), "utf8");
    const headers = JSON.parse(readFileSync(join(built, "headers.json"), "utf8")) as Record<string, string>;
    const policy = headers["Content-Security-Policy"]!;
    expect(page).toContain(policy);
    expect(policy).toMatch(/^default-src 'none'/);
    expect(policy).not.toMatch(/https?:|\*|'unsafe-eval'/);
  });
});
