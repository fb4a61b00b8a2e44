/**
 * What the Watch screen and programs ask for, under /api: a table of paths and what answers them. Runs are found by their names in the list
 * of those that are there; no path is made of what a request says, but for the report within a run's folder. Node only.
 */
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { REPORT_NAME } from "../report/report.js";
import { LOG_NAME } from "../train/loggers/jsonl.js";
import { DataError, TensoroneError } from "../util/errors.js";
import { readTextWithin } from "../util/read-within.js";
import { sendEvents } from "./events.js";
import { REPORT_POLICY } from "./headers.js";
import { readLogFrom } from "./log-cursor.js";
import { type RunCurves, runCurves } from "./run-entry.js";
import type { RunWatch } from "./run-watch.js";

/** What a request is answered from. */
export interface ApiContext {
  readonly watch: RunWatch;
  /** Makes the report of a run that has none. */
  readonly makeReport: (folder: string) => Promise<string>;
  /** Tells this process from the one before it on the same port. */
  readonly session: string;
}

/** An answer with a status other than 200; `message` is for people. */
export class ApiFault extends TensoroneError {
  readonly status: number;

  constructor(status: number, message: string, hint?: string) {
    super(message, hint);
    this.status = status;
  }
}

interface Asked {
  readonly query: URLSearchParams;
  readonly lastEventId: string | undefined;
  readonly response: ServerResponse;
  /** Parts of the path that stand for something. */
  readonly id: string;
}

/** Points of a curve where the page does not say. */
const USUAL_POINTS = 1000;
const MOST_POINTS = 1000;

const sendText = (response: ServerResponse, type: string, text: string, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store", ...headers });
  response.end(text);
};
const sendJson = (response: ServerResponse, value: unknown): void =>
  sendText(response, "application/json", JSON.stringify(value));

async function runNamed({ watch }: ApiContext, id: string) {
  if (!watch.run(id)) await watch.look();
  const run = watch.run(id);
  if (!run) throw new ApiFault(404, `studio: no run ${id} in ${watch.folder}`, "GET /api/runs lists them");
  return run;
}

function wholeNumber(query: URLSearchParams, name: string, usual: number, most: number): number {
  const text = query.get(name);
  if (text === null) return usual;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number < 1) throw new ApiFault(400, `studio: ${name}=${text}, expected a whole number from 1 to ${most}`);
  return Math.min(most, number);
}

/** Says which server this is, so that a page knows that it has one. */
function about({ watch, session }: ApiContext, { response }: Asked): void {
  sendJson(response, { studio: 1, folder: watch.folder, session });
}

async function runs({ watch, session }: ApiContext, { response }: Asked): Promise<void> {
  await watch.look();
  sendJson(response, { folder: watch.folder, id: `${session}:${watch.sequence}`, runs: watch.entries });
}

async function curves(context: ApiContext, { response, id, query }: Asked): Promise<void> {
  const points = wholeNumber(query, "points", USUAL_POINTS, MOST_POINTS);
  const { log, entry } = await runNamed(context, id);
  const found: RunCurves = runCurves(log.curves, log.version, points);
  sendJson(response, { ...found, stepsPerEpoch: entry.stepsPerEpoch });
}

/** Lines as they stand in the file; the headers say where to go on. */
async function log(context: ApiContext, { response, id, query }: Asked): Promise<void> {
  const run = await runNamed(context, id);
  const piece = await readLogFrom(join(run.folder, LOG_NAME), query.get("from"));
  if (piece === null) throw new ApiFault(404, `studio: run ${id} has no ${LOG_NAME} yet`);
  sendText(response, "application/x-ndjson; charset=utf-8", piece.text, {
    "Log-Cursor": piece.cursor,
    "Log-Reset": String(piece.isReset),
    "Log-More": String(piece.hasMore),
  });
}

async function report(context: ApiContext, { response, id }: Asked): Promise<void> {
  const run = await runNamed(context, id);
  const text = run.entry.hasReport
    ? readTextWithin(join(run.folder, REPORT_NAME), "fileBytes", DataError)
    : await context.makeReport(run.folder);
  sendText(response, "text/html; charset=utf-8", text, { "Content-Security-Policy": REPORT_POLICY });
}

function events(context: ApiContext, { response, lastEventId }: Asked): void {
  sendEvents(response, context.watch, context.session, lastEventId);
}

type Answer = (context: ApiContext, asked: Asked) => void | Promise<void>;

/** The name of a run stands in its path as one part, encoded. */
const answers: readonly (readonly [path: RegExp, answer: Answer])[] = [
  [/^\/api\/?$/, about],
  [/^\/api\/runs$/, runs],
  [/^\/api\/runs\/([^/]+)\/curves$/, curves],
  [/^\/api\/runs\/([^/]+)\/log$/, log],
  [/^\/api\/runs\/([^/]+)\/report$/, report],
  [/^\/api\/events$/, events],
];

/** Answers a path that begins with /api. Throws ApiFault for what is not there. */
export async function answerApi(
  context: ApiContext,
  url: URL,
  response: ServerResponse,
  lastEventId: string | undefined,
): Promise<void> {
  for (const [path, answer] of answers) {
    const found = path.exec(url.pathname);
    if (!found) continue;
    let id: string;
    try {
      id = decodeURIComponent(found[1] ?? "");
    } catch {
      throw new ApiFault(400, `studio: ${found[1]} is no encoded name`);
    }
    await answer(context, { query: url.searchParams, lastEventId, response, id });
    return;
  }
  throw new ApiFault(404, `studio: nothing at ${url.pathname}`, "GET /api/runs lists the runs");
}
