/** A part in a process of its own: started, listened to, and ended with all that it has started when its time is over. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Asked, Told } from "./part.js";
import type { PartName } from "./parts.js";

/** Of what a part writes to stderr: its end, which tells why it died. */
const KEPT_TEXT = 2000;

export interface Ended {
  /** null where it ended well. */
  readonly problem: string | null;
  readonly text: string;
}

/** Players and Pythons that the part has started are in its group. */
function endGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

const lastLine = (text: string): string => {
  const lines = text.trim().split("\n");
  const named = lines.findLast((line) => /error|Error/.test(line));
  return (named ?? lines.at(-1) ?? "").trim();
};

/** Runs `program --child NAME ASKED`; `hear` gets what it tells, as it comes. */
export function runChild(
  program: string,
  name: PartName,
  asked: Asked,
  limitMs: number,
  hear: (told: Told) => void,
): Promise<Ended> {
  const args = [program, "--child", name, JSON.stringify(asked)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe", "ipc"], detached: true });
  let text = "";
  let isLate = false;
  for (const stream of [child.stdout!, child.stderr!])
    stream.on("data", (piece: Buffer) => {
      text = (text + piece).slice(-KEPT_TEXT);
    });
  child.on("message", (told) => hear(told as Told));
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child);
  }, limitMs);
  return new Promise((resolve) => {
    const end = (problem: string | null): void => {
      clearTimeout(timer);
      // what it has left running would disturb the next part
      endGroup(child);
      resolve({ problem, text });
    };
    child.on("error", (error) => end(`it could not be started: ${error.message}`));
    child.on("close", (code, signal) => {
      if (isLate) end(`ended after ${(limitMs / 1000).toFixed(0)} s, its limit`);
      else if (signal !== null) end(`its process died of ${signal}: ${lastLine(text)}`);
      else end(code === 0 ? null : lastLine(text) || `its process left with ${code}`);
    });
  });
}

/** The other end: what the child does. Leaves the process. */
export async function playPart(
  run: (telling: import("./part.js").Telling) => Promise<void>,
  asked: Asked,
): Promise<never> {
  const send = (told: Told): void => void process.send?.(told);
  try {
    await run({
      ...asked,
      row: (table, row) => send({ table, row }),
      note: (note) => send({ note }),
      hasTime: (ms) => performance.now() + ms < asked.endsAtMs,
    });
  } finally {
    // messages are on their way, of a part that fails too
    await new Promise((resolve) => process.send?.({ note: "" } satisfies Told, resolve));
  }
  // worker threads and devices would keep the process
  process.exit(0);
}
