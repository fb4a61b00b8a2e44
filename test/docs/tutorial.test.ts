/**
 * The tutorial of docs/in-a-browser.md in Chromium: its files as they stand in the page, step by step, by a person's clicks. A block of
 * JavaScript says in its first line which file it is part of.
 */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executable, launchChromium } from "../browser/chromium.js";
import { packageRoot, pageBlocks } from "./blocks.js";

const PAGE = "docs/in-a-browser.md";
const scripts = pageBlocks.filter(({ language }) => language === "js");
const types: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript" };
const photos = join(packageRoot, "studio", "samples");

/** "page.js" of "// page.js"; "" of any other line. */
const fileOf = (line: string | undefined): string => /^\/\/ ([\w-]+\.js)$/.exec(line ?? "")?.[1] ?? "";

/** The files of the tutorial by path, each of its blocks in order. */
function tutorialFiles(): ReadonlyMap<string, string> {
  const html = pageBlocks.find(({ page, language }) => page === PAGE && language === "html")!;
  const files = new Map([["/index.html", html.code.join("\n")]]);
  for (const { code } of scripts) {
    const path = `/${fileOf(code[0])}`;
    files.set(path, `${files.get(path) ?? ""}${code.join("\n")}\n`);
  }
  return files;
}

it("every block of JavaScript is part of a file of the tutorial", () => {
  expect(scripts.filter(({ page, code }) => page !== PAGE || fileOf(code[0]) === "")).toEqual([]);
  expect([...tutorialFiles().keys()]).toEqual(["/index.html", "/page.js", "/worker.js"]);
});

describe.skipIf(executable === undefined)("the tutorial", () => {
  let server: Server;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    const files = tutorialFiles();
    const bytesOf = async (path: string): Promise<string | Uint8Array> => {
      const own = files.get(path === "/" ? "/index.html" : path);
      if (own !== undefined) return own;
      if (path === "/model.safetensors") return readFile(join(packageRoot, "studio/base/demo.safetensors"));
      const [, module] = /^\/node_modules\/tensorone\/(dist\/[\w/-]+\.js)$/.exec(path) ?? [];
      if (module === undefined) throw new Error(`nothing at ${path}`);
      return readFile(join(packageRoot, module));
    };
    server = createServer(async ({ url: asked = "/" }, response) => {
      const headers = {
        "Content-Type": types[asked.split(".").at(-1)!] ?? (asked === "/" ? "text/html" : "application/octet-stream"),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      };
      await bytesOf(asked).then(
        (bytes) => response.writeHead(200, headers).end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
  });

  const picture = (folder: string, n: number): string => join(photos, folder, `${n}.jpg`);
  const six = (folder: string): string[] => Array.from({ length: 6 }, (_, n) => picture(folder, n));
  const said = (page: Page): Promise<string> => page.locator("#said").innerText();

  /** What the page says of a picture that it has not learned from. */
  async function answer(page: Page, folder: string): Promise<string> {
    const before = (await said(page)).trim().split("\n").length;
    await page.setInputFiles("#picture", picture(folder, 7));
    const lines = async (): Promise<string[]> => (await said(page)).trim().split("\n");
    await expect.poll(async () => (await lines()).length, { timeout: 40_000 }).toBe(before + 1);
    return (await lines()).at(-1)!;
  }

  it("loads, classifies, learns in a worker, and knows it after a reload", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("console", (message) => void problems.push(message.text()));
    page.on("pageerror", (error) => void problems.push(error.message));
    await page.goto(url);
    await expect.poll(() => said(page), { timeout: 40_000 }).toMatch(/^loaded mobileone_s0: 00_t-shirt, /);
    // a file that is chosen twice is no change to a browser
    expect(await answer(page, "rocket")).toMatch(/^7\.jpg: .+, \d+ %$/);
    await page.setInputFiles("[data-name=cat]", six("cat"));
    await page.setInputFiles("[data-name=rocket]", six("rocket"));
    await page.getByRole("button", { name: "Learn" }).click();
    await expect.poll(() => said(page), { timeout: 120_000 }).toMatch(/epoch 10, step 20: loss [\d.]+\n/);
    await expect.poll(() => said(page), { timeout: 40_000 }).toMatch(/knows cat and rocket/);
    const answers = [await answer(page, "cat"), await answer(page, "rocket")];
    expect(answers[0]).toMatch(/^7\.jpg: cat, /);
    expect(answers[1]).toMatch(/^7\.jpg: rocket, /);
    await page.reload();
    await expect.poll(() => said(page), { timeout: 40_000 }).toMatch(/knows cat and rocket/);
    expect([await answer(page, "cat"), await answer(page, "rocket")]).toEqual(answers);
    expect(problems).toEqual([]);
    await context.close();
  });
});
