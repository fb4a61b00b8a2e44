/** Runs of the studio's server: the list by server-sent events, curves of those that are drawn when they have changed. */
import { effect } from "@preact/signals";
import { STUDIO_HEADER } from "../../src/studio-server/headers-names.js";
import type { RunCurves, RunEntry } from "../../src/studio-server/run-entry.js";
import type { RunChange } from "../../src/studio-server/run-watch.js";
import { curves, drawn, folder, inOrder, isConnected, origin, runs } from "./state.js";

/** Points of all curves together: beyond, a screen shows no more. */
const ALL_POINTS = 100_000;
const LEAST_POINTS = 200;
const MOST_POINTS = 1000;
/** Of a browser to one server. */
const AT_ONCE = 5;

const api = (path: string): string => new URL(`api/${path}`, document.baseURI).href;

/** Whether this page comes from `tensorone studio`. */
async function hasServer(): Promise<boolean> {
  if (!location.protocol.startsWith("http")) return false;
  try {
    const { headers } = await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
    return headers.has(STUDIO_HEADER);
  } catch {
    return false;
  }
}

/** Fetches what is drawn and has changed, the same run never twice at once. */
class CurveFetcher {
  readonly #wanted = new Map<string, string>();
  readonly #busy = new Set<string>();
  #arrived: RunCurves[] = [];
  #names: string[] = [];

  want(entries: readonly RunEntry[]): void {
    this.#wanted.clear();
    for (const { id, version, step } of entries)
      if (step > 0 && curves.value.get(id)?.version !== version) this.#wanted.set(id, version);
    this.#next();
  }

  #next(): void {
    for (const id of this.#wanted.keys()) {
      if (this.#busy.size >= AT_ONCE) return;
      if (this.#busy.has(id)) continue;
      this.#wanted.delete(id);
      this.#busy.add(id);
      void this.#fetch(id).finally(() => {
        this.#busy.delete(id);
        this.#next();
        if (this.#busy.size === 0) this.#show();
      });
    }
  }

  async #fetch(id: string): Promise<void> {
    const points = Math.round(Math.min(MOST_POINTS, Math.max(LEAST_POINTS, ALL_POINTS / drawn.peek().length)));
    const answer = await fetch(api(`runs/${encodeURIComponent(id)}/curves?points=${points}`)).catch(() => null);
    if (!answer?.ok) return;
    this.#arrived.push((await answer.json()) as RunCurves);
    this.#names.push(id);
  }

  /** All that came together: 250 runs are drawn once, and not 250 times. */
  #show(): void {
    const [names, arrived] = [this.#names, this.#arrived];
    [this.#names, this.#arrived] = [[], []];
    if (names.length === 0) return;
    curves.value = new Map([...curves.peek(), ...names.map((id, i) => [id, arrived[i]!] as const)]);
  }
}

function apply(changes: readonly RunChange[]): void {
  const known = new Map(runs.peek().map((entry) => [entry.id, entry]));
  for (const change of changes) {
    if ("removed" in change) known.delete(change.removed);
    else known.set(change.entry.id, change.entry);
  }
  runs.value = inOrder(known.values());
}

/** Follows the server until the returned function is called; where there is none, runs come from dropped folders. */
export function followServer(): () => void {
  let stop = (): void => {};
  let isOver = false;
  void hasServer().then(async (isThere) => {
    if (isOver) return;
    origin.value = isThere ? "server" : "files";
    if (!isThere) return;
    const said = (await (await fetch(api(""))).json()) as { readonly folder: string };
    folder.value = said.folder;
    if (isOver) return;
    const events = new EventSource(api("events"));
    events.addEventListener("open", () => (isConnected.value = true));
    events.addEventListener("error", () => (isConnected.value = false));
    events.addEventListener("runs", ({ data }) => (runs.value = inOrder(JSON.parse(data) as RunEntry[])));
    events.addEventListener("changes", ({ data }) => apply(JSON.parse(data) as RunChange[]));
    const fetcher = new CurveFetcher();
    const end = effect(() => fetcher.want(drawn.value));
    stop = () => {
      events.close();
      end();
    };
  });
  return () => {
    isOver = true;
    stop();
  };
}
