/** Steps of training in a worker of a page, turn by turn, and the processor time that threads of the browser took. */
import { readdirSync, readFileSync } from "node:fs";
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

/** By process: its parent. */
function parents(): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    try {
      // the name in brackets may hold anything; the parent is the second word after it
      found.set(Number(pid), Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ")[1]));
    } catch {
      // it has ended
    }
  return found;
}

/** By thread of every process that descends from this one: its name, and the ticks of processor time that it has had. Linux only. */
export function threadTicks(): ReadonlyMap<number, { readonly name: string; readonly ticks: number }> {
  const parentOf = parents();
  const descends = (pid: number): boolean => pid === process.pid || (pid > 1 && descends(parentOf.get(pid) ?? 0));
  const found = new Map<number, { name: string; ticks: number }>();
  for (const pid of parentOf.keys()) {
    if (pid === process.pid || !descends(pid)) continue;
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
        const words = text.slice(text.lastIndexOf(") ") + 2).split(" ");
        const name = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
        found.set(Number(thread), { name, ticks: Number(words[11]) + Number(words[12]) });
      }
    } catch {
      // it has ended
    }
  }
  return found;
}
