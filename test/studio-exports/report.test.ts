/** The report of a project: what the tab knows, texts of people as texts, and a page without faults from disk. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatPercent } from "../../src/util/format.js";
import { checkedPictures, wantedOf } from "../../studio/worker/exports/check.js";
import { type ExportSubject, exportModel } from "../../studio/worker/exports/index.js";
import { likeliestOf } from "../../studio/worker/exports/look.js";
import { executable, launchChromium } from "../browser/chromium.js";
import { hostile, site, subject } from "./subject.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");

let project: ExportSubject;
let text: string;
beforeAll(async () => {
  project = await subject({ project: hostile });
  text = new TextDecoder().decode((await exportModel("report", project, site)).bytes);
});
afterAll(() => project.model.dispose());

it("says what the model answers to the validation pictures, and how it was trained", async () => {
  const wanted = await wantedOf(project);
  const right = checkedPictures(project).pictures.filter((one, i) => likeliestOf(wanted.scores[i]!) === one.class);
  expect(right.length).toBeLessThan(6);
  expect(text).toContain(`folded, on 6 pictures of validation: top-1 ${formatPercent((100 * right.length) / 6)}`);
  expect(text).toContain("Features come from the base &quot;demo&quot;");
  expect(text).toContain("head 2×");
  expect(text).toContain("wasm, 1 thread. Decoder: drawn;");
  expect(text).toContain("8 of 8 probe pictures");
  expect(text).toMatch(/6 pictures of train, 6 pictures of val, 3 classes/);
  expect(text).not.toContain("No checkpoint");
  expect(text).not.toContain(hostile);
});

it("without classes, curve or validation says so", async () => {
  const pictures = project.pictures.map((one) => ({ ...one, class: null, side: null }));
  const { bytes } = await exportModel("report", { ...project, pictures, curve: [], base: null }, site);
  const page = new TextDecoder().decode(bytes);
  expect(page).toContain("No picture has a class");
  expect(page).toContain("Nothing was trained yet.");
});

describe.skipIf(executable === undefined)("in Chromium, from disk", () => {
  it.each([1400, 400])("has no fault that axe knows, and says nothing, at %i px", async (width) => {
    mkdirSync(resolve("build", "screenshots"), { recursive: true });
    const folder = mkdtempSync(resolve("build", "take-report-"));
    writeFileSync(join(folder, "report.html"), text);
    const browser = await launchChromium();
    try {
      const context = await browser.newContext({ viewport: { width, height: 900 }, offline: true });
      const page = await context.newPage();
      const said: string[] = [];
      page.on("console", (message) => void said.push(message.text()));
      page.on("pageerror", (error) => void said.push(error.message));
      await page.goto(pathToFileURL(join(folder, "report.html")).href);
      await page.locator(".plot canvas").first().waitFor();
      await page.screenshot({ path: resolve("build", "screenshots", `taken-report-${width}.png`), fullPage: true });
      await page.evaluate(axe);
      const faults = await page.evaluate(
        `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].html))`,
      );
      expect(faults).toEqual([]);
      expect(said).toEqual([]);
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
