/** The studio's worker in Chromium, with real pictures on a base that has not seen their classes. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { executable, launchChromium } from "../browser/chromium.js";
import { buildPages } from "../studio-ui/build-pages.js";
import { type Pages, servePages } from "../studio-ui/serve-pages.js";
import { fiveClasses, newPictures, StudioTab } from "./tab.js";

describe.skipIf(executable === undefined)("the studio's worker", () => {
  let browser: Browser;
  let folder: string;
  let pages: Pages;
  beforeAll(async () => {
    mkdirSync(resolve("build"), { recursive: true });
    folder = mkdtempSync(resolve("build", "studio-worker-"));
    pages = await servePages(await buildPages(folder, false));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("smoke", async () => {
    const tab = await StudioTab.open(browser, pages);
    const t0 = performance.now();
    const opened = await tab.ask("open", { project: "p" });
    console.log(JSON.stringify(opened.machine), performance.now() - t0);
    console.log(await tab.base("five.safetensors", fiveClasses()));
    const t1 = performance.now();
    console.log(await tab.add(newPictures("train", 4)), performance.now() - t1);
    console.log((await tab.noted("epoch")).map(({ point }) => JSON.stringify(point)).join("\n"));
    const t2 = performance.now();
    console.log(await tab.ask("costs", {}), performance.now() - t2);
    for (const stage of ["stage4", "all"] as const) {
      const t3 = performance.now();
      console.log(await tab.ask("train", { stage }), performance.now() - t3);
      console.log(
        (await tab.noted("epoch"))
          .slice(-3)
          .map(({ point }) => JSON.stringify(point))
          .join("\n"),
      );
    }
    for (const format of ["safetensors", "onnx", "html", "report"] as const) {
      const t4 = performance.now();
      const { bytes, ...rest } = await tab.ask("export", { format });
      console.log(rest, Object.keys(bytes).length, performance.now() - t4);
    }
    console.log(tab.said, await tab.noted("notice"), (await tab.noted("memory")).at(-1));
    await tab.context.close();
  });
});
