/** Steps of training in a worker of a page, turn by turn. */
import type { Browser } from "playwright-core";
import type { StepWork } from "../../bench/work/work.js";
import type { Turn } from "./step-worker.js";

export interface Stepper {
  readonly threads: number;
  /** ms of each step. */
  run(steps: number): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Starts a page of `url` (server.ts) with such a worker. Throws where the worker does. */
export async function startStepper(browser: Browser, url: string, work: StepWork): Promise<Stepper> {
  const page = await browser.newPage();
  await page.goto(`${url}isolated`);
  await page.evaluate(`globalThis.worker = new Worker("/test/browser/step-worker.js", { type: "module" });
    globalThis.told = [];
    worker.onerror = (event) => told.shift()?.({ error: event.message });
    worker.onmessage = ({ data }) => told.shift()?.(data);`);
  const ask = async (what: StepWork | number): Promise<Turn> => {
    const answer: Turn | { readonly error: string } = await page.evaluate(
      `new Promise((resolve) => { told.push(resolve); worker.postMessage(${JSON.stringify(what)}); })`,
    );
    if ("error" in answer) throw new Error(`the worker of the page failed: ${answer.error}`);
    return answer;
  };
  const { threads } = await ask(work);
  return { threads, run: async (steps) => (await ask(steps)).ms, close: () => page.close() };
}
