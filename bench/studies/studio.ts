/**
 * The studio as a person uses it, in Chromium: twenty small pictures, then an improvement with all threads at work while frames and pointer are
 * watched, then a hundred photographs of 12 megapixels. Chromium on the PATH, or CHROMIUM=FILE.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { integer } from "../../src/cli/options.js";
import { UsageError } from "../../src/util/errors.js";
import { executable, launchChromium } from "../../test/browser/chromium.js";
import { dropFiles } from "../../test/studio-ui/drop-files.js";
import { servePages } from "../../test/studio-ui/serve-pages.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { dryOption } from "../options.js";
import { repositoryRoot } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import { defineStudy } from "../study.js";

const CLASSES = 5;
const OF_EACH = 4;
const LARGE = { width: 4000, height: 3000 } as const;
const PATIENCE_MS = 300_000;

interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Most that a process of a page has had in memory. */
function peakBytes(): number {
  const peaks = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer")) return [];
        return [1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0)];
      } catch {
        return [];
      }
    });
  return Math.max(0, ...peaks);
}

/** There are answers once a model can be taken away. */
const answered = (page: Page) =>
  page.locator(".take-away button:not([disabled])").first().waitFor({ timeout: PATIENCE_MS });

async function small(page: Page, folder: string): Promise<Figure[]> {
  const demo = join(repositoryRoot, "demo", "fashion-mnist", "train");
  const folders = readdirSync(demo)
    .sort()
    .slice(-CLASSES)
    .map((name) => {
      const made = join(folder, "small", name);
      mkdirSync(made, { recursive: true });
      for (const file of readdirSync(join(demo, name)).sort().slice(0, OF_EACH))
        cpSync(join(demo, name, file), join(made, file));
      return made;
    });
  const start = performance.now();
  await dropFiles(page, folders);
  await answered(page);
  const dropMs = performance.now() - start;
  return [{ what: `${CLASSES * OF_EACH} demo pictures: first answers`, measured: seconds(dropMs), wanted: "≤ 5 s" }];
}

/** What the functions in the page leave there. */
declare const watched: { frames: number[]; pointer: number[] };

async function improving(page: Page): Promise<Figure[]> {
  await page.evaluate(() => {
    const state = { frames: [] as number[], pointer: [] as number[] };
    Object.assign(globalThis, { watched: state });
    let last = performance.now();
    const frame = (now: number): void => {
      state.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    addEventListener("pointermove", (event) => void state.pointer.push(performance.now() - event.timeStamp));
  });
  await page.getByRole("button", { name: /^Improve/ }).click();
  await page.locator(".offers li button").last().click({ timeout: PATIENCE_MS });
  const start = performance.now();
  await page.getByRole("button", { name: "Pause" }).waitFor({ timeout: PATIENCE_MS });
  await page.evaluate(() => {
    watched.frames.length = 0;
    watched.pointer.length = 0;
  });
  let isRunning = true;
  const finished = page
    .getByRole("button", { name: "Pause" })
    .waitFor({ state: "detached", timeout: PATIENCE_MS })
    .then(() => {
      isRunning = false;
    });
  for (let x = 100; isRunning; x = 100 + ((x + 37) % 900)) {
    await page.mouse.move(x, 300);
    await page.waitForTimeout(50);
  }
  await finished;
  const ms = performance.now() - start;
  const { frames, pointer } = await page.evaluate(() => ({ ...watched }));
  const largest = (values: readonly number[]): string => `${Math.max(0, ...values).toFixed(0)} ms of ${values.length}`;
  return [
    { what: "40 epochs of everything, threads at work", measured: seconds(ms), wanted: "" },
    { what: "meanwhile: longest gap between frames", measured: largest(frames), wanted: "≤ 50 ms" },
    { what: "meanwhile: pointer to handler", measured: largest(pointer), wanted: "≤ 50 ms" },
  ];
}

async function makeLarge(folder: string, count: number): Promise<string[]> {
  const { default: sharp } = await import("sharp");
  const samples = join(repositoryRoot, "studio", "samples");
  const names = readdirSync(samples).sort();
  const folders: string[] = [];
  for (const name of names) {
    const made = join(folder, "large", name);
    mkdirSync(made, { recursive: true });
    folders.push(made);
    const files = readdirSync(join(samples, name));
    for (let i = 0; i < Math.ceil(count / names.length); i++) {
      const sigma = { type: "gaussian", mean: 128, sigma: 12 + (i % 5) } as const;
      const noise = await sharp({ create: { ...LARGE, channels: 3, background: "#808080", noise: sigma } })
        .png({ compressionLevel: 0 })
        .toBuffer();
      await sharp(join(samples, name, files[i % files.length]!))
        .resize(LARGE.width, LARGE.height, { fit: "fill", kernel: "cubic" })
        .composite([{ input: noise, blend: "soft-light" }])
        .jpeg({ quality: 85 })
        .toFile(join(made, `${i}.jpg`));
    }
  }
  return folders;
}

async function large(browser: Browser, url: string, folder: string, count: number): Promise<Figure[]> {
  const folders = await makeLarge(folder, count);
  const bytes = folders.flatMap((one) => readdirSync(one).map((name) => readFileSync(join(one, name)).length));
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.getByText("Drop folders here").waitFor();
  const start = performance.now();
  await dropFiles(page, folders);
  await answered(page);
  const firstMs = performance.now() - start;
  await page
    .getByText(/taken in/)
    .first()
    .waitFor({ state: "attached", timeout: PATIENCE_MS });
  const allMs = performance.now() - start;
  const what = `${bytes.length} JPEGs of 12 megapixels, ${(bytes.reduce((a, b) => a + b, 0) / bytes.length / 1e6).toFixed(1)} MB each`;
  const peak = peakBytes();
  await context.close();
  return [
    { what: `${what}: first curve`, measured: seconds(firstMs), wanted: "≤ 15 s" },
    { what: "all of them answered", measured: seconds(allMs), wanted: "" },
    { what: "most memory of a page's process", measured: `${(peak / 1e6).toFixed(0)} MB`, wanted: "≤ 800 MB" },
  ];
}

export const study = defineStudy({
  name: "studio",
  help: "the studio in Chromium by a person's steps: first answers, an improvement with frames watched, 12-megapixel photographs",
  options: {
    pictures: integer({ help: "photographs of 12 megapixels", default: 100, min: 10 }),
    dry: dryOption,
  },
  examples: ["studio", "studio --pictures 20 --dry"],
  async run({ pictures, dry }, _, tell) {
    if (executable === undefined)
      throw new UsageError("bench: no Chromium was found", "apt-get install -y chromium, or CHROMIUM=FILE");
    const machine = describeMachine();
    const folder = mkdtempSync(join(tmpdir(), "tensorone-studio-"));
    const pages = await servePages(join(repositoryRoot, "dist", "studio"));
    const browser = await launchChromium();
    try {
      const page = await (await browser.newContext()).newPage();
      await page.goto(pages.url);
      await page.getByText("Drop folders here").waitFor();
      const figures = [...(await small(page, folder)), ...(await improving(page))];
      await page.context().close();
      figures.push(...(await large(browser, pages.url, folder, pictures)));
      const table: Table = {
        head: ["what", "measured", "wanted"],
        rows: figures.map(({ what, measured, wanted }) => [what, measured, wanted]),
      };
      for (const line of asLines(table)) tell(line);
      if (dry) return;
      const measured = afterwards(machine);
      const text = `# The studio by a person's steps

The built pages in headless Chromium, served with the headers of isolation; folders dropped as a file manager drops them. The last two stages run in a tab of
their own. Pointer: from the event's time to its handler. ${machineLine(measured)}.

${asMarkdown(table)}
`;
      savePage(study.name, { machine: measured, figures }, text);
    } finally {
      await browser.close();
      await pages.close();
      rmSync(folder, { recursive: true });
    }
  },
});
