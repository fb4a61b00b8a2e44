/**
 * The engine in headless Chromium: the conformance grid and ten training steps of S0, on wasm with one thread and two, and on
 * the gpu backend over the browser's own WebGPU (SwiftShader, on the processor) and over gpu.js's modes.
 */

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pictures } from "../../bench/work/demo-pictures.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import type { GridOp } from "../conformance/cases/index.js";
import { cases } from "../conformance/cases/index.js";
import { demoBatches } from "../gpu/demo-batches.js";
import { SETTLED_LR, SETTLING, settled, trained } from "../gpu/s0-steps.js";
import { executable, launchChromium } from "./chromium.js";
import { type PageServer, serveCheckout } from "./server.js";
import type { Answer, Work } from "./tab.js";

/** A tab has room for some hundred of gpu.js's webasm kernels, each of which reserves a memory of its own. */
const blockOps: readonly GridOp[] = ["add", "relu", "conv2d", "batchNorm"];
const STEPS = 10;
/** SwiftShader needs five seconds a step on a quiet machine, and five times that where seven jobs share its cores. */
const SLOW_MS = 600_000;
const LR = 0.02;
/** Of wasm and the reference backend, which differ by the order of float32 sums. */
const WASM_TOLERANCE = 1e-5;
const GPU_TOLERANCE = 1e-4;

describe.skipIf(executable === undefined)("in a tab", () => {
  let batches: readonly Pictures[];
  let server: PageServer;
  let browser: Browser;
  beforeAll(async () => {
    batches = await demoBatches(SETTLING);
    const bytes = Buffer.concat(batches.flatMap(({ labels, images }) => [Uint8Array.from(labels), images]));
    server = await serveCheckout({ "/given/batches": bytes });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** A page of its own; what it complains about fails the test. */
  async function inPage<T>(path: "isolated" | "plain", body: (page: Page, said: string[]) => Promise<T>): Promise<T> {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    try {
      await page.goto(server.url + path);
      return await body(page, said);
    } finally {
      await page.close();
    }
  }

  // as text, which the test runner leaves alone: it rewrites import() in functions
  const work = (page: Page, what: Work): Promise<Answer> =>
    page.evaluate(`import("/test/browser/tab.js").then(({ work }) => work(${JSON.stringify(what)}))`);

  function expectGrid({ rows }: Answer, tolerance: number, ops: readonly string[] = Object.keys(cases)): void {
    expect(rows.map(({ op }) => op)).toEqual(ops);
    for (const { op, results, error, where } of rows) {
      expect(results, op).toBeGreaterThan(0);
      expect(error, `${op}: ${where}`).toBeLessThanOrEqual(tolerance);
    }
  }

  describe("wasm", () => {
    it("gives the reference's numbers for every op, with one thread in any page, and loads nothing of a GPU", () =>
      inPage("plain", async (page, said) => {
        const before = server.requests.length;
        const answer = await work(page, { backend: "wasm" });
        expect(answer).toMatchObject({ backend: "wasm", threads: 1 });
        expectGrid(answer, WASM_TOLERANCE);
        const loaded = server.requests.slice(before);
        expect(loaded).toContain("/dist/index.js");
        expect(loaded.filter((file) => /^\/(dist|node_modules)\/.*gpu/.test(file))).toEqual([]);
        expect(said).toEqual([]);
      }));

    it("with two threads in a page that may share memory", () =>
      inPage("isolated", async (page, said) => {
        const answer = await work(page, { backend: "wasm", threads: 2 });
        expect(answer).toMatchObject({ backend: "wasm", threads: 2 });
        expectGrid(answer, WASM_TOLERANCE);
        expect(said).toEqual([]);
      }));

    it("says which headers are missing where two threads were asked for", () =>
      inPage("plain", async (page, said) => {
        const answer = await work(page, { backend: "wasm", threads: 2, steps: 0 });
        expect(answer.threads).toBe(1);
        expect(said).toEqual([expect.stringContaining("Cross-Origin-Opener-Policy: same-origin")]);
      }));

    it("trains S0 to the bits of Node, with one thread and with two", async () => {
      const backend = createWasmBackend({ threads: 1 });
      const expected = (await trained({ backend, batches: batches.slice(0, STEPS), lr: LR })).losses;
      await backend.dispose();
      expect(expected.length).toBe(STEPS);
      for (const threads of [1, 2]) {
        const what = { backend: "wasm", threads, steps: STEPS, lr: LR } as const;
        const { losses } = await inPage("isolated", (page) => work(page, what));
        expect(losses, `${threads} threads`).toEqual(expected);
      }
    });
  });

  describe("gpu", () => {
    it("gives the reference's numbers for every op on the browser's WebGPU", () =>
      inPage("isolated", async (page, said) => {
        const answer = await work(page, { backend: "gpu" });
        expect(answer.backend).toContain("webgpu, software");
        expectGrid(answer, GPU_TOLERANCE);
        expect(said).toEqual([]);
      }));

    for (const mode of ["webasm", "cpu"] as const)
      it(`and of the ops of a MobileOne block through gpu.js's mode ${mode}`, () =>
        inPage("plain", async (page, said) => {
          const answer = await work(page, { backend: "gpu", mode, choice: { ops: blockOps, isSmall: true } });
          expect(answer.backend).toContain(`mode ${mode}`);
          expectGrid(answer, GPU_TOLERANCE, blockOps);
          expect(said).toEqual([]);
        }));

    it(
      "trains S0 as wasm in Node does",
      async () => {
        const wasm = createWasmBackend({ threads: 2 });
        const run = { batches: batches.slice(0, STEPS), lr: SETTLED_LR, start: await settled(wasm, batches) };
        const expected = (await trained({ backend: wasm, ...run })).losses;
        await wasm.dispose();
        const what = { backend: "gpu", steps: STEPS, lr: SETTLED_LR, isSettled: true } as const;
        const { losses } = await inPage("isolated", (page) => work(page, what));
        expect(losses.length).toBe(STEPS);
        const differences = losses.map((loss, i) => Math.abs(loss - expected[i]!) / expected[i]!);
        expect(Math.max(...differences), differences.join(" ")).toBeLessThanOrEqual(1e-3);
      },
      SLOW_MS,
    );
  });
});
