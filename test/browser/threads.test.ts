/**
 * Threads of a backend that a worker of a page has made: a browser starts them only while that worker is idle, so setBackend() waits for
 * them. Which threads work is told by the processor time that each gets, in shares: other jobs slow both alike.
 */
import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { threadTicks } from "../../bench/measure/processes.js";
import { executable, launchChromium } from "./chromium.js";
import { type PageServer, serveCheckout } from "./server.js";
import { startStepper } from "./stepper.js";

const STEPS = 12;
/** Of the time of the thread that works most. */
const LEAST_SHARE = 0.25;

/** Of the page's workers: processor time in ticks while `body` runs, most first. */
async function workerTicks(body: () => Promise<unknown>): Promise<number[]> {
  const before = threadTicks();
  await body();
  return [...threadTicks()]
    .filter(([, { name }]) => name.startsWith("DedicatedWorker"))
    .map(([thread, { ticks }]) => ticks - (before.get(thread)?.ticks ?? 0))
    .sort((a, b) => b - a);
}

describe.skipIf(executable === undefined || !existsSync("/proc/self/task"))("training in a worker of a page", () => {
  let server: PageServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await serveCheckout();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each([1, 2])("%i threads are asked for, start and work", async (threads) => {
    const work = { form: "train", model: "mobileone_s0", imageSize: 64, batch: 8, threads } as const;
    const stepper = await startStepper(browser, server.url, work);
    try {
      expect(stepper.threads).toBe(threads);
      // from the first step on: nothing but microtasks runs between steps
      const ticks = await workerTicks(() => stepper.run(STEPS));
      expect(ticks.filter((own) => own > LEAST_SHARE * ticks[0]!).length, ticks.join(", ")).toBe(threads);
    } finally {
      await stepper.close();
    }
  });

  it("threads that a page does not allow are told, and one goes on", async () => {
    const page = await browser.newPage();
    try {
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      await page.goto(`${server.url}isolated`);
      // such as a content security policy without worker-src blob:
      const found = await page.evaluate(`(async () => {
        const policy = document.createElement("meta");
        policy.httpEquiv = "Content-Security-Policy";
        policy.content = "worker-src 'none'";
        document.head.append(policy);
        const { setBackend, ones } = await import("/dist/index.js");
        const { threads } = await setBackend("wasm", { threads: 2 });
        return [threads, await ones([2]).add(1).data().then((data) => [...data])];
      })()`);
      expect(found).toEqual([1, [2, 2]]);
      expect(said.some((line) => line.startsWith("wasm: 1 of 2 threads started within 10 s; going on with one"))).toBe(
        true,
      );
    } finally {
      await page.close();
    }
  });
});
