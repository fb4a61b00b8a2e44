/** The studio's worker in a tab without screens: requests by the protocol, events noted. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Answer, Ask, EventName, Events, RequestName } from "../../studio/protocol.js";
import type { Pages } from "../studio-ui/serve-pages.js";

const demo = resolve(import.meta.dirname, "..", "..", "demo", "fashion-mnist");
const root = resolve(import.meta.dirname, "..", "..");

/** A file on its way into a tab. */
export interface SentFile {
  readonly name: string;
  readonly class: string | null;
  readonly base64: string;
}

/** Pictures of the last five classes of the demo set, which five.safetensors has not seen: `count` of each, from the `from`th on. */
export function newPictures(split: "train" | "val", count: number, from = 0): SentFile[] {
  return readdirSync(join(demo, split))
    .sort()
    .slice(5)
    .flatMap((name) =>
      readdirSync(join(demo, split, name))
        .sort()
        .slice(from, from + count)
        .map((file) => ({
          name: `${name}/${file}`,
          class: name,
          base64: readFileSync(join(demo, split, name, file)).toString("base64"),
        })),
    );
}

export const fiveClasses = (): string => readFileSync(join(root, "test/studio/five.safetensors")).toString("base64");

interface Noted {
  readonly name: EventName;
  readonly event: Events[EventName];
  readonly atMs: number;
}

/** What the functions below find in the tab. */
declare const tab: {
  ask(kind: string, ask: unknown): Promise<unknown>;
  noted: Noted[];
  terminate(): void;
  fileOf(sent: { name: string; base64: string }): File;
};

/** One worker in one page. */
export class StudioTab {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly said: readonly string[];

  private constructor(page: Page, context: BrowserContext, said: readonly string[]) {
    this.page = page;
    this.context = context;
    this.said = said;
  }

  /** Opens a page on the pages' address that shows none of them; in `context`, whose storage it shares. */
  static async open(browser: Browser, pages: Pages, shared?: BrowserContext): Promise<StudioTab> {
    const context = shared ?? (await browser.newContext());
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => void said.push(message.text()));
    page.on("pageerror", (error) => void said.push(error.message));
    await page.goto(`${pages.url}headers.json`);
    const made = new StudioTab(page, context, said);
    await made.start(pages.folder);
    return made;
  }

  /** Starts a worker; what the one before noted is forgotten. */
  async start(folder: string): Promise<void> {
    const name = readdirSync(join(folder, "assets")).find((file) => /^worker-.*\.js$/.test(file))!;
    await this.page.evaluate((url) => {
      const worker = new Worker(url, { type: "module" });
      const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
      let lastId = 0;
      const noted: unknown[] = [];
      worker.onmessage = ({ data }) => {
        if (data.kind === "event") {
          noted.push({ name: data.name, event: data.event, atMs: performance.now() });
          return;
        }
        const one = waiting.get(data.id)!;
        waiting.delete(data.id);
        if (data.kind === "done") one.resolve(data.answer);
        else one.reject(new Error(JSON.stringify(data.failure)));
      };
      worker.onerror = (event) => {
        for (const { reject } of waiting.values()) reject(new Error(event.message));
      };
      Object.assign(globalThis, {
        tab: {
          noted,
          terminate: () => worker.terminate(),
          fileOf: ({ name: own, base64 }: { name: string; base64: string }) =>
            new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], own),
          ask: (kind: string, ask: unknown) =>
            new Promise((resolve, reject) => {
              lastId += 1;
              waiting.set(lastId, { resolve, reject });
              worker.postMessage({ kind, id: lastId, ask });
            }),
        },
      });
    }, `assets/${name}`);
  }

  /** Typed arrays of the answer become objects on the way here: for those use `evaluate`. */
  ask<K extends RequestName>(kind: K, ask: Ask<K>): Promise<Answer<K>> {
    return this.page.evaluate(([name, what]) => tab.ask(name as string, what), [kind, ask] as const) as Promise<
      Answer<K>
    >;
  }

  add(files: readonly SentFile[]): Promise<Answer<"add">> {
    return this.page.evaluate(
      (sent) => tab.ask("add", { files: sent.map((one) => ({ ...one, file: tab.fileOf(one) })) }),
      files as SentFile[],
    ) as Promise<Answer<"add">>;
  }

  base(name: string, base64: string): Promise<Answer<"base">> {
    return this.page.evaluate((one) => tab.ask("base", { file: tab.fileOf(one) }), { name, base64 }) as Promise<
      Answer<"base">
    >;
  }

  /** The likeliest class of each. */
  classify(files: readonly SentFile[]): Promise<string[]> {
    return this.page.evaluate(async (sent) => {
      const labels: string[] = [];
      for (const one of sent) {
        const answer = await tab.ask("classify", { bytes: tab.fileOf(one), topK: 1 });
        labels.push((answer as { scores: { label: string }[] }).scores[0]!.label);
      }
      return labels;
    }, files as SentFile[]);
  }

  /** Waits until so many events of a name have come. */
  async until(name: EventName, count: number): Promise<void> {
    await this.page.waitForFunction(
      ([wanted, least]) => tab.noted.filter((one) => one.name === wanted).length >= (least as number),
      [name, count] as const,
    );
  }

  /** The events of a name so far, those of arrays without them. */
  noted<K extends EventName>(name: K): Promise<Events[K][]> {
    return this.page.evaluate(
      (wanted) => tab.noted.filter((one) => one.name === wanted).map(({ event }) => event),
      name,
    ) as Promise<Events[K][]>;
  }

  /** Probabilities of the last answers, by the id of the picture. */
  answers(): Promise<Record<number, number[]>> {
    return this.page.evaluate(() => {
      const last = tab.noted.findLast((one) => one.name === "answers")?.event as Events["answers"] | undefined;
      if (!last) return {};
      const { ids, classes, scores } = last;
      return Object.fromEntries(
        Array.from(ids, (id, i) => [id, Array.from(scores.subarray(i * classes, (i + 1) * classes))]),
      );
    });
  }

  async terminate(): Promise<void> {
    await this.page.evaluate(() => tab.terminate());
  }
}
