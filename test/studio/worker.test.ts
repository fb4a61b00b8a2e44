/**
 * The studio's worker in Chromium, with real pictures on a base that has not seen their classes: a head at once, improvements, and that
 * nothing is lost by reloads, kills and a full disk.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executable, launchChromium } from "../browser/chromium.js";
import { buildPages } from "../studio-ui/build-pages.js";
import { type Pages, servePages } from "../studio-ui/serve-pages.js";
import { fiveClasses, newPictures, StudioTab } from "./tab.js";

/** What the page without screens is asked for by the browser itself. */
const isNoise = (text: string): boolean => text.includes("404");

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

  /** A project of 20 pictures of five new classes. */
  async function withPictures(project: string): Promise<StudioTab> {
    const tab = await StudioTab.open(browser, pages);
    await tab.ask("open", { project });
    await tab.base("five.safetensors", fiveClasses());
    await tab.add(newPictures("train", 4));
    return tab;
  }

  /** Right answers among new pictures of the same classes. */
  async function rightOf(tab: StudioTab, pictures: ReturnType<typeof newPictures>): Promise<number> {
    const labels = await tab.classify(pictures);
    return labels.filter((label, i) => label === pictures[i]!.class).length;
  }

  it("answers twenty pictures at once, says how they are split, and what is told is consistent", async () => {
    const tab = await withPictures("head");
    const { state } = await tab.ask("open", { project: "head" });
    expect(state.classes).toHaveLength(5);
    expect(state.pictures).toHaveLength(20);
    expect(state.pictures.filter(({ side }) => side === "val")).toHaveLength(5);
    expect(state.base).toMatchObject({ name: "five.safetensors", model: "mobileone_s0", imageSize: 64 });
    expect(state.pixels.resize).toMatch(/bilinear with antialias/);
    expect(state.curve).toHaveLength(1);
    expect(state.curve[0]).toMatchObject({ stage: "head", index: 1, trainAccuracy: 1, pictures: 20 });
    const decoded = await tab.noted("decoded");
    expect(decoded.map(({ done, of }) => [done, of])).toEqual([
      [16, 20],
      [20, 20],
    ]);
    expect(decoded.flatMap((event) => event.pictures).map(({ id }) => id)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    const answers = await tab.answers();
    expect(Object.keys(answers)).toHaveLength(20);
    for (const scores of Object.values(answers)) expect(scores.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    // pictures of five classes that the base does not know: chance is 20 of 100
    expect(await rightOf(tab, newPictures("val", 20))).toBeGreaterThan(35);
    expect(tab.said.filter((text) => !isNoise(text))).toEqual([]);
    await tab.context.close();
  });

  it("reaches by everything what finetune reaches with the same pictures and steps, at least nine tenths of it", async () => {
    const tab = await withPictures("improve");
    const pictures = newPictures("val", 20);
    const run = await tab.ask("train", { stage: "all" });
    expect(run).toEqual({ stage: "all", state: "finished", epoch: 40, epochs: 40, step: 40, steps: 40 });
    // make-base.mjs of the first five classes leaves their training form in its run; finetune --init that, on these 20 pictures, 40 epochs
    // of one step, answers 52 of these 100
    expect(await rightOf(tab, pictures)).toBeGreaterThanOrEqual(0.9 * 52);
    const steps = await tab.noted("step");
    expect(steps.at(-1)).toMatchObject({ n: 40, of: 40 });
    expect(steps.every(({ imagesPerSecond, leftMs }) => imagesPerSecond > 0 && leftMs >= 0)).toBe(true);
    for (const format of ["safetensors", "onnx", "html"] as const) {
      const { agreement } = await tab.ask("export", { format });
      expect(agreement, format).toMatchObject({ equal: 5, of: 5 });
    }
    await tab.context.close();
  });

  it("measures what each stage takes, and leaves the model as it was", async () => {
    const tab = await withPictures("costs");
    const before = await tab.answers();
    const costs = await tab.ask("costs", {});
    expect(costs.map(({ stage }) => stage)).toEqual(["stage4", "halfStage3", "stage3", "all"]);
    for (const cost of costs) {
      expect(cost.epochMs).toBeGreaterThan(0);
      expect(cost.bytes).toBeGreaterThan(1e6);
      expect(cost.epochs).toBe(40);
    }
    await tab.ask("label", { ids: [1], class: "05_sandal" });
    expect(await tab.answers()).toEqual(before);
    await tab.context.close();
  });

  it("goes on after a worker that was killed as if it had not been, to the last bit", async () => {
    const choices = { epochs: 24 };
    const whole = await withPictures("whole");
    await whole.ask("train", { stage: "halfStage3", choices });
    const expected = await whole.answers();
    await whole.context.close();

    const tab = await withPictures("killed");
    tab.ask("train", { stage: "halfStage3", choices }).catch(() => {});
    await tab.until("run", 6);
    const paused = await tab.ask("pause", {});
    expect(paused).toMatchObject({ state: "paused", epochs: 24 });
    expect(paused!.step).toBeGreaterThan(3);
    expect(paused!.step).toBeLessThan(24);
    // a paused training leaves the answers of before, in this worker and in the next
    await tab.terminate();
    await tab.start(pages.folder);
    const { state } = await tab.ask("open", { project: "killed" });
    expect(state.run).toEqual(paused);
    // now killed without a word, somewhere within
    tab.ask("resume", {}).catch(() => {});
    await tab.until("run", 4);
    await tab.terminate();
    await tab.page.reload();
    await tab.start(pages.folder);
    const again = await tab.ask("open", { project: "killed" });
    expect(again.state.run).toMatchObject({ stage: "halfStage3", state: "paused" });
    expect(await tab.ask("resume", {})).toMatchObject({ state: "finished", step: 24 });
    expect(await tab.answers()).toEqual(expected);
    // and what it has learnt is there after another reload
    await tab.terminate();
    await tab.start(pages.folder);
    await tab.ask("open", { project: "killed" });
    await tab.ask("costs", {});
    expect(await tab.answers()).toEqual(expected);
    await tab.context.close();
  });

  it("keeps what a stopped training has learnt, and ends a paused one when pictures change", async () => {
    const tab = await withPictures("stopped");
    const before = await tab.answers();
    const training = tab.ask("train", { stage: "all" });
    await tab.until("run", 5);
    await expect(tab.ask("label", { ids: [1], class: "x" })).rejects.toThrow(/"busy"/);
    const [found] = await tab.classify(newPictures("val", 1).slice(0, 1));
    expect(found).toMatch(/^0\d_/);
    expect(await tab.ask("stop", {})).toMatchObject({ state: "stopped" });
    expect(await training).toMatchObject({ state: "stopped" });
    expect(await tab.answers()).not.toEqual(before);
    await tab.ask("label", { ids: [1], class: "06_shirt" });
    expect((await tab.noted("notice")).at(-1)?.text).toMatch(/does not go on/);
    expect(await tab.ask("resume", {})).toBeNull();
    await tab.context.close();
  });

  it("lets one tab have a project, and the next one when that is closed", async () => {
    const first = await withPictures("shared");
    const second = await StudioTab.open(browser, pages, first.context);
    await expect(second.ask("open", { project: "shared" })).rejects.toThrow(/"locked".*another tab/);
    await first.page.close();
    const { state } = await second.ask("open", { project: "shared" });
    expect(state.pictures).toHaveLength(20);
    await second.context.close();
  });

  it("runs on one thread without headers, and says so without the console", async () => {
    const bare = await servePages(pages.folder, false);
    const tab = await StudioTab.open(browser, bare);
    const { machine } = await tab.ask("open", { project: "bare" });
    expect(machine.threads).toBe(1);
    expect(machine.why).toMatch(/One thread: this page is served without two headers/);
    await tab.add(newPictures("train", 2));
    expect(Object.keys(await tab.answers())).toHaveLength(10);
    expect(tab.said.filter((text) => !isNoise(text))).toEqual([]);
    await tab.context.close();
    await bare.close();
  });

  it("names what is no picture and no model, and takes the rest", async () => {
    const tab = await withPictures("odd");
    const none = { name: "a/none.jpg", class: "a", base64: Buffer.from("no picture").toString("base64") };
    expect(await tab.add([none, newPictures("train", 1, 4)[0]!])).toEqual({
      added: 1,
      refused: [{ name: "a/none.jpg", why: "the browser does not decode it" }],
    });
    await expect(tab.base("none.safetensors", none.base64)).rejects.toThrow(/"model".*none\.safetensors/);
    await expect(tab.ask("renameClass", { from: "nobody", to: "x" })).rejects.toThrow(/"bad-request"/);
    expect((await tab.ask("open", { project: "odd" })).state.pictures).toHaveLength(21);
    await tab.context.close();
  });

  it("says when the browser's storage is full, and has what was saved before", async () => {
    const tab = await withPictures("full");
    const session = await tab.context.newCDPSession(tab.page);
    const { origin } = new URL(pages.url);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
    await expect(tab.add(newPictures("train", 1, 4))).rejects.toThrow(/"quota".*"canResume":true/);
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    await tab.terminate();
    await tab.start(pages.folder);
    const { state } = await tab.ask("open", { project: "full" });
    expect(state.pictures).toHaveLength(20);
    expect(await tab.add(newPictures("train", 1, 4))).toMatchObject({ added: 5 });
    await tab.context.close();
  });

  it("forgets everything when it is asked to", async () => {
    const tab = await withPictures("gone");
    await tab.ask("clear", {});
    await tab.terminate();
    await tab.start(pages.folder);
    const { state } = await tab.ask("open", { project: "gone" });
    expect(state).toMatchObject({ classes: [], pictures: [], curve: [], run: null, base: { name: "demo" } });
    await tab.context.close();
  });
});
