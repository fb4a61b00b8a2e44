/**
 * The studio's worker: requests come in, each has exactly one end. Those that change the project are answered one after the other and
 * refused while it trains; those that end a training, or only look, are answered at once or between two steps.
 */
import type { Answer, Ask, Reply, Request, RequestName } from "../protocol.js";
import { Fault, failureOf } from "./fault.js";
import { machineOf } from "./machine.js";
import { Project } from "./project.js";
import { openFiles } from "./storage/files.js";
import { lockProject } from "./storage/lock.js";
import type { Studio, StudioParts } from "./studio.js";
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

/** An open project, and the studio once its engine is there. */
interface Place extends StudioParts {
  readonly unlock: () => void;
  studio: Studio | null;
}

let place: Place | null = null;
/** The end of the last request that waits for its turn. */
let last: Promise<unknown> = Promise.resolve();

const inTurn = <T>(body: () => Promise<T>): Promise<T> => {
  const turn = last.then(body);
  last = turn.catch(() => {});
  return turn;
};

/** The engine is asked for when there is something to compute: a page begins without it. In its turn only. */
async function studioOf(own: Place): Promise<Studio> {
  own.studio ??= await (await import("./studio.js")).Studio.open(own);
  return own.studio;
}

async function open({ project: name, threads }: Ask<"open">): Promise<Answer<"open">> {
  await close();
  const unlock = await lockProject(name);
  try {
    const files = await openFiles(name);
    const made: Place = {
      ...{ files, unlock, studio: null },
      project: await Project.open(name, files),
      machine: machineOf(threads, files.kind),
    };
    place = made;
    tell("ready", made.machine);
    // answers follow what the page can show at once
    if (made.project.record.pictures.length > 0)
      setTimeout(() => {
        inTurn(async () => (await studioOf(made)).lookAgain()).catch((error) => tell("notice", failureOf(error)));
      });
    return { machine: made.machine, state: made.project.state() };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function close(): Promise<null> {
  const own = place;
  place = null;
  await own?.studio?.end("paused");
  own?.studio?.close();
  own?.unlock();
  return null;
}

function answer(request: Request): Promise<unknown> {
  const { kind, ask } = request;
  if (kind === "open") return inTurn(() => open(ask));
  if (kind === "close") return close();
  const own = place;
  if (!own) throw new Fault("closed", `${kind}: no project is open`, "open it first");
  const row = rows[kind] as Row<RequestName>;
  const { studio } = own;
  const isTraining = studio?.isTraining ?? false;
  const body = async () => row.answer(await studioOf(own), ask as Ask<RequestName>);
  // nothing goes on where there is no studio yet
  if (row.when === "now" && studio) return body();
  if (row.when === "between" && isTraining) return studio!.whenIdle(body);
  if (row.when === "turn" && isTraining) throw new Fault("busy", "a training runs", "pause or stop it first");
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
