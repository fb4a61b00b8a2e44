/** What a person can do to the project. Each asks the worker; a failure becomes a line on the page and never an exception. */
import { Client, StudioError } from "../../client.js";
import type {
  Ask,
  Exported,
  ExportFormat,
  Failure,
  Heat,
  Incoming,
  RequestName,
  Requests,
  Stage,
} from "../../protocol.js";
import { startWorker } from "../engine.js";
import { count } from "../parts/words.js";
import { listen, takeOpened } from "./events.js";
import * as state from "./state.js";

/** The one project of a browser; storage keeps it under this name. */
const PROJECT = "studio";

let made: Client | null = null;
/** The worker is started by whoever asks first. */
export function client(): Client {
  if (made === null) {
    made = new Client(startWorker);
    listen(made);
  }
  return made;
}

const failureOf = (error: unknown): Failure =>
  error instanceof StudioError
    ? error.failure
    : { code: "internal", text: error instanceof Error ? error.message : String(error), hint: null, canResume: true };

/** The answer, or undefined after a failure, which the page then shows. */
async function ask<K extends RequestName>(kind: K, what: Ask<K>): Promise<Requests[K]["answer"] | undefined> {
  try {
    return await client().request(kind, what);
  } catch (error) {
    state.failure.value = failureOf(error);
    state.spoken.value = state.failure.value.text;
    return undefined;
  }
}

export async function open(threads?: number): Promise<void> {
  const opened = await ask("open", threads === undefined ? { project: PROJECT } : { project: PROJECT, threads });
  if (opened) takeOpened(opened);
}

/** After a failure that left the project whole: another worker, and the project from its storage. */
export async function reopen(): Promise<void> {
  state.failure.value = null;
  try {
    await client().restart();
  } catch (error) {
    state.failure.value = failureOf(error);
  }
}

export async function add(files: readonly Incoming[], leftOut = 0): Promise<void> {
  if (files.length > 0) state.decoding.value = { done: 0, of: files.length };
  const answer = files.length > 0 ? await ask("add", { files }) : { added: 0, refused: [] };
  state.decoding.value = null;
  if (!answer) return;
  const { added, refused } = answer;
  const parts = [`${count(added, "picture")} taken in`];
  if (leftOut > 0) parts.push(`${count(leftOut, "file")} left out that ${leftOut === 1 ? "is" : "are"} no picture`);
  if (refused.length > 0)
    parts.push(
      `${refused.length} refused: ${refused
        .map(({ name, why }) => `${name} (${why})`)
        .slice(0, 5)
        .join(", ")}`,
    );
  const text = `${parts.join(", ")}.`;
  state.spoken.value = text;
  if (leftOut > 0 || refused.length > 0) state.notices.value = [...state.notices.value, text];
}

/** Labels as they were, for undo: the latest last. */
const undone: (readonly { readonly ids: readonly number[]; readonly class: string | null }[])[] = [];

export async function label(ids: readonly number[], name: string | null): Promise<void> {
  const before = new Map<string | null, number[]>();
  for (const id of ids) {
    const own = state.pictures.value.get(id)?.class ?? null;
    const key = own === null ? null : (state.classNames.value[own] ?? null);
    before.set(key, [...(before.get(key) ?? []), id]);
  }
  const done = await ask("label", { ids, class: name });
  if (done === undefined) return;
  undone.push([...before].map(([key, members]) => ({ ids: members, class: key })));
  state.canUndo.value = true;
  state.spoken.value = `${count(ids.length, "picture")}: ${name ?? "no class"}`;
}

export async function undo(): Promise<void> {
  const last = undone.pop();
  state.canUndo.value = undone.length > 0;
  for (const { ids, class: name } of last ?? []) await ask("label", { ids, class: name });
  if (last) state.spoken.value = "Undone";
}

export const rename = (from: string, to: string): Promise<unknown> => ask("renameClass", { from, to });
export const remove = (ids: readonly number[]): Promise<unknown> => ask("remove", { ids });
export const takeBase = (file: File | null): Promise<unknown> => ask("base", { file });

export async function measure(): Promise<void> {
  state.costs.value = (await ask("costs", {})) ?? null;
}

export const train = (stage: Stage): Promise<unknown> => ask("train", { stage });
export const pause = (): Promise<unknown> => ask("pause", {});
export const resume = (): Promise<unknown> => ask("resume", {});
export async function stop(): Promise<void> {
  try {
    await client().stop();
  } catch (error) {
    state.failure.value = failureOf(error);
  }
}

export const exported = (format: ExportFormat): Promise<Exported | undefined> => ask("export", { format });
export const explain = (id: number, of?: number): Promise<Heat | undefined> =>
  ask("explain", of === undefined ? { id } : { id, class: of });

export async function clear(): Promise<void> {
  await ask("clear", {});
  undone.length = 0;
  state.forget();
}
