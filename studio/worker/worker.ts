/**
 * The studio's worker: requests come in, each has exactly one end. Those that change the project are answered one after the other and
 * refused while it trains; those that end a training, or only look, are answered at once or between two steps.
 */
import type { Answer, Ask, Reply, Request, RequestName } from "../protocol.js";
import { Fault, failureOf } from "./fault.js";
import { Studio } from "./studio.js";
import { tell } from "./tell.js";

/** When a request is answered. */
type When =
  /** At once, whatever goes on. */
  | "now"
  /** When no step is under way. */
  | "between"
  /** In its turn; "busy" while a training runs. */
  | "turn";

interface Row<K extends RequestName> {
  readonly when: When;
  answer(studio: Studio, ask: Ask<K>): Answer<K> | Promise<Answer<K>>;
}

type Rows = { readonly [K in Exclude<RequestName, "open" | "close">]: Row<K> };

const rows: Rows = {
  base: { when: "turn", answer: (studio, ask) => studio.base(ask) },
  add: { when: "turn", answer: (studio, ask) => studio.add(ask) },
  label: { when: "turn", answer: (studio, ask) => studio.label(ask) },
  renameClass: { when: "turn", answer: (studio, ask) => studio.renameClass(ask) },
  remove: { when: "turn", answer: (studio, ask) => studio.remove(ask) },
  costs: { when: "turn", answer: (studio) => studio.costs() },
  train: { when: "turn", answer: (studio, ask) => studio.train(ask) },
  resume: { when: "turn", answer: (studio) => studio.resume() },
  export: { when: "turn", answer: (studio, ask) => studio.export(ask) },
  clear: { when: "turn", answer: (studio) => studio.clear() },
  classify: { when: "between", answer: (studio, ask) => studio.classify(ask) },
  explain: { when: "between", answer: (studio, ask) => studio.explain(ask) },
  pixels: { when: "now", answer: (studio, ask) => studio.pixels(ask) },
  pause: { when: "now", answer: (studio) => studio.end("paused") },
  stop: { when: "now", answer: (studio) => studio.end("stopped") },
};

let studio: Studio | null = null;
/** The end of the last request that waits for its turn. */
let last: Promise<unknown> = Promise.resolve();

const inTurn = <T>(body: () => Promise<T>): Promise<T> => {
  const turn = last.then(body);
  last = turn.catch(() => {});
  return turn;
};

async function open(ask: Ask<"open">): Promise<Answer<"open">> {
  studio?.close();
  studio = null;
  const made = await Studio.open(ask);
  studio = made;
  tell("ready", made.opened().machine);
  // answers follow what the page can show at once
  setTimeout(() => void inTurn(() => made.lookAgain()).catch((error) => tell("notice", failureOf(error))));
  return made.opened();
}

async function close(): Promise<null> {
  await studio?.end("paused");
  studio?.close();
  studio = null;
  return null;
}

function answer(request: Request): Promise<unknown> {
  const { kind, ask } = request;
  if (kind === "open") return inTurn(() => open(ask));
  if (kind === "close") return close();
  const opened = studio;
  if (!opened) throw new Fault("closed", `${kind}: no project is open`, "open it first");
  const row = rows[kind] as Row<RequestName>;
  const body = async () => row.answer(opened, ask as Ask<RequestName>);
  if (row.when === "now") return body();
  if (row.when === "between") return opened.isTraining ? opened.whenIdle(body) : inTurn(body);
  if (opened.isTraining) throw new Fault("busy", "a training runs", "pause or stop it first");
  return inTurn(body);
}

/** Arrays of an answer that the worker does not keep. */
function transferOf(kind: RequestName, answered: unknown): Transferable[] {
  if (kind === "pixels") return (answered as Answer<"pixels">).map(({ data }) => data.buffer);
  if (kind === "export") return [(answered as Answer<"export">).bytes.buffer];
  return [];
}

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  const { kind, id } = data;
  let reply: Reply;
  let transfer: Transferable[] = [];
  try {
    const answered = await answer(data);
    transfer = transferOf(kind, answered);
    reply = { kind: "done", id, of: kind, answer: answered } as unknown as Reply;
  } catch (error) {
    reply = { kind: "failed", id, failure: failureOf(error) };
  }
  postMessage(reply, { transfer });
};
