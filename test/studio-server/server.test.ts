/** The studio's server: runs of a folder, live; whom it answers, and what it never serves. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunCurves, RunEntry } from "../../src/studio-server/run-entry.js";
import { listRuns } from "../../src/studio-server/run-watch.js";
import { type Studio, startStudio } from "../../src/studio-server/server.js";
import { append, logText, makeRun, stepLine, validationLine } from "./runs.js";

const folder = mkdtempSync(join(tmpdir(), "tensorone-studio-server-"));
const runs = join(folder, "runs");
const pages = join(folder, "pages");
let studio: Studio;

beforeAll(async () => {
  mkdirSync(join(pages, "assets"), { recursive: true });
  writeFileSync(join(pages, "index.html"), "<!doctype html><title>studio</title>");
  writeFileSync(join(pages, "assets", "index-Ab3dEf9_.js"), "export {};");
  writeFileSync(join(pages, "sw.js"), "// worker");
  writeFileSync(join(folder, "secret.txt"), "secret");
  makeRun(join(runs, "one"), { steps: 30, lr: 0.1 });
  makeRun(join(runs, "sweep", "lr 0.2"), { steps: 25, lr: 0.2, loss: 1 });
  studio = await startStudio({ runs, pages });
});
afterAll(async () => {
  await studio?.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, studio.url), init);
const json = async <T>(path: string): Promise<T> => (await (await get(path)).json()) as T;
const list = async (): Promise<readonly RunEntry[]> =>
  (await json<{ readonly runs: readonly RunEntry[] }>("/api/runs")).runs;

/** A request as no browser makes it. */
const raw = (
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port: studio.port, path, method, headers }, (answer) => {
      let text = "";
      answer.on("data", (piece) => (text += piece));
      answer.on("end", () => resolve({ status: answer.statusCode!, text }));
    });
    sent.on("error", reject).end();
  });

/** Events of the server, one after the other. */
async function* eventsFrom(path: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  try {
    const { body } = await get(path, { headers, signal: stop.signal });
    let text = "";
    for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split("\n")
            .map((line) => line.split(/: (.*)/s)),
        );
        text = text.slice(end + 2);
        if (fields.data)
          yield { id: fields.id as string, event: fields.event as string, data: JSON.parse(fields.data) };
      }
    }
  } finally {
    stop.abort();
  }
}

describe("runs", () => {
  it("are found in folders of folders, with state, figures and options", async () => {
    const [one, two] = await list();
    expect(one).toMatchObject({
      id: "one",
      state: "finished",
      step: 30,
      totalSteps: 30,
      stepsPerEpoch: 10,
      top1: 15,
      bestTop1: 15,
      hasReport: false,
      options: { "optimizer.lr": 0.1, "run.seed": 0, "machine.backend": "wasm x2" },
    });
    expect(two).toMatchObject({ id: "sweep/lr 0.2", options: { "optimizer.lr": 0.2 } });
    expect((await listRuns(runs)).map(({ id }) => id)).toEqual(["one", "sweep/lr 0.2"]);
    expect((await listRuns(join(runs, "one"))).map(({ id }) => id)).toEqual(["."]);
    expect(await listRuns(join(folder, "nowhere"))).toEqual([]);
  });

  it("have curves, of as many points as are asked for", async () => {
    const curves = await json<RunCurves>("/api/runs/one/curves");
    expect(curves.step).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(curves.columns.loss[1]).toBe(2);
    expect(curves.elapsedMs.at(-1)).toBe(600);
    expect(curves.validations).toMatchObject({ step: [10, 20, 30], figures: { top1: [5, 10, 15] } });
    const few = await json<RunCurves>(`/api/runs/${encodeURIComponent("sweep/lr 0.2")}/curves?points=5`);
    expect(few.step).toEqual([5, 10, 15, 20, 25]);
    expect((await get("/api/runs/one/curves?points=none")).status).toBe(400);
  });

  it("have their log, from where a reader stands", async () => {
    const whole = await get("/api/runs/one/log");
    expect(await whole.text()).toBe(logText({ steps: 30 }));
    const cursor = whole.headers.get("log-cursor")!;
    append(join(runs, "one"), stepLine(31));
    const rest = await get(`/api/runs/one/log?from=${cursor}`);
    expect([await rest.text(), rest.headers.get("log-reset")]).toEqual([stepLine(31), "false"]);
    truncateSync(join(runs, "one", "log.jsonl"), logText({ steps: 30 }).length);
    const reset = await get(`/api/runs/one/log?from=${rest.headers.get("log-cursor")}`);
    expect([await reset.text(), reset.headers.get("log-reset")]).toEqual([logText({ steps: 30 }), "true"]);
  });

  it("are running while a process holds them, and stopped once it is gone", async () => {
    const run = join(runs, "held");
    makeRun(run, { steps: 12 });
    rmSync(join(run, "model.safetensors"));
    const lock = (pid: number, host?: string) =>
      writeFileSync(
        join(run, "run.lock"),
        JSON.stringify({ host, pid, started: null, since: "2026-11-01T10:00:00.000Z" }),
      );
    const { hostname } = await import("node:os");
    const state = async () => (await list()).find(({ id }) => id === "held")!.state;
    lock(process.pid, hostname());
    expect(await state()).toBe("running");
    lock(process.pid, "another-machine");
    expect(await state()).toBe("elsewhere");
    // no system gives such a number
    lock(2 ** 31 - 1, hostname());
    expect(await state()).toBe("stopped");
    rmSync(run, { recursive: true });
    expect((await list()).map(({ id }) => id)).not.toContain("held");
  });

  it("with damaged files are listed all the same", async () => {
    const run = join(runs, "damaged");
    mkdirSync(run);
    writeFileSync(join(run, "log.jsonl"), "no json\n\u0000\n");
    writeFileSync(join(run, "recipe.json"), "{");
    writeFileSync(join(run, "machine.json"), "[]");
    writeFileSync(join(run, "run.lock"), "");
    expect((await list()).find(({ id }) => id === "damaged")).toMatchObject({ state: "begun", step: 0, options: {} });
    rmSync(run, { recursive: true });
  });

  it("have a report: the file that is there, or one that is made, framed without rights", async () => {
    const made = await get("/api/runs/one/report");
    expect(made.headers.get("content-security-policy")).toMatch(/^sandbox allow-scripts; default-src 'none'/);
    expect(await made.text()).toMatch(/<title>one – training run<\/title>/);
    writeFileSync(join(runs, "one", "report.html"), "<p>written</p>");
    expect((await list()).find(({ id }) => id === "one")!.hasReport).toBe(true);
    expect(await (await get("/api/runs/one/report")).text()).toBe("<p>written</p>");
    rmSync(join(runs, "one", "report.html"));
  });
});

describe("events", () => {
  it("begin with all runs, then say what changes: steps, validations, new runs, those that are gone", async () => {
    const events = eventsFrom("/api/events");
    const next = async () => (await events.next()).value!;
    const first = await next();
    expect([first.event, first.data.map(({ id }: RunEntry) => id)]).toEqual(["runs", ["one", "sweep/lr 0.2"]]);
    append(join(runs, "one"), stepLine(31));
    const second = await next();
    expect(second).toMatchObject({ event: "changes", data: [{ entry: { id: "one", step: 31 } }] });
    append(join(runs, "one"), validationLine(4, 77));
    expect(await next()).toMatchObject({ data: [{ entry: { id: "one", bestTop1: 77 } }] });
    makeRun(join(runs, "new"), { steps: 3 });
    expect(await next()).toMatchObject({ data: [{ entry: { id: "new" } }] });
    rmSync(join(runs, "new"), { recursive: true });
    const last = await next();
    expect(last.data).toEqual([{ removed: "new" }]);
    await events.return(undefined);

    // a page that comes again hears of what it missed, and of nothing else
    const missed = (await eventsFrom("/api/events", { "Last-Event-ID": second.id }).next()).value!;
    expect(missed).toMatchObject({ id: last.id, event: "changes" });
    expect(missed.data).toMatchObject([{ entry: { id: "one", bestTop1: 77 } }, { removed: "new" }]);
    // of another process, or of no sense
    for (const id of ["other:1", "", `${last.id}9`])
      expect((await eventsFrom("/api/events", { "Last-Event-ID": id }).next()).value!.event, id).toBe("runs");
    writeFileSync(join(runs, "one", "log.jsonl"), logText({ steps: 30 }));
  });
});

describe("pages", () => {
  it("come isolated, under a policy, with their types; names with a hash may be kept for ever", async () => {
    const page = await get("/");
    expect(Object.fromEntries(page.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "content-security-policy": expect.stringMatching(/^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/),
      "cache-control": "no-cache",
    });
    expect((await get("/", { headers: { "If-None-Match": page.headers.get("etag")! } })).status).toBe(304);
    const script = await get("/assets/index-Ab3dEf9_.js");
    expect(script.headers.get("content-type")).toMatch(/^text\/javascript/);
    expect(script.headers.get("cache-control")).toMatch(/immutable/);
    expect((await get("/sw.js")).headers.get("cache-control")).toBe("no-cache");
  });

  it.each([
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/..%5csecret.txt",
    "//secret.txt",
    "/secret.txt%00.html",
    "/api/runs/..%2f..%2fsecret.txt/log",
    "/api/runs/%2e%2e/log",
    "/api/runs/one%2f..%2fone/log",
    "/api/runs/constructor/log",
    "/api/nothing",
  ])("%s is not there", async (path) => {
    const { status, text } = await raw(path, { Host: `127.0.0.1:${studio.port}` });
    expect(status).toBe(404);
    expect(text).not.toBe("secret");
    expect(JSON.parse(text).error.message).toMatch(/^studio: /);
  });

  it("are for GET, from this machine's names and no other page", async () => {
    const own = { Host: `localhost:${studio.port}` };
    const status = async (headers: Record<string, string>, method = "GET", path = "/api/runs") =>
      (await raw(path, headers, method)).status;
    expect(await status(own)).toBe(200);
    expect(await status({ Host: `[::1]:${studio.port}` })).toBe(200);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) expect(await status(own, method), method).toBe(405);
    for (const host of ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"])
      expect(await status({ Host: host }), host).toBe(403);
    expect(await status({ ...own, "Sec-Fetch-Site": "cross-site" })).toBe(403);
    expect(await status({ ...own, "Sec-Fetch-Site": "cross-site" }, "GET", "/")).toBe(200);
    expect(await status({ ...own, "Sec-Fetch-Site": "same-origin" })).toBe(200);
    expect(await status(own, "GET", `/${"x".repeat(5000)}`)).toBe(414);
    expect(await status(own, "GET", "/api/runs/%zz/log")).toBe(400);
  });

  it("that were not built are an error before anything listens", async () => {
    await expect(startStudio({ runs, pages: runs })).rejects.toThrow(/studio: no index\.html in .*npm run build/s);
  });
});
