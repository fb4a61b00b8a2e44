/**
 * A process that reads mutants, watched from outside: started again after an abort or a peak, ended after a hang, the file under way
 * kept. What ended it is tried once more alone, since a loaded machine hangs too.
 */
import { fork } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CURRENT_NAME, HANG_MS, type Message, type Order, type Progress } from "./messages.js";

const child = fileURLToPath(new URL("./child.js", import.meta.url));
/** Beyond V8's own heap come buffers, which the peak counts. */
const HEAP_MB = 700;
/** How often the watch looks, and what writing and starting may take beyond the limit. */
const LOOK_MS = 1000;

/** What a kind of file came to. */
export interface Watched {
  tried: number;
  taken: number;
  refused: number;
  /** By what they were answered with instead. */
  readonly faults: Map<string, { times: number; readonly stack: string; readonly file: string }>;
  aborts: number;
  hangs: number;
  /** Mutants that ended a process and did not end the next. */
  unrepeated: number;
  peakBytes: number;
  slowestMs: number;
  corpus: number;
  covered: number;
}

interface Ended {
  readonly last: Progress | null;
  readonly how: "done" | "hang" | "abort";
  readonly text: string;
}

type OnFault = (why: string, stack: string, file: string) => void;

/** One process, from its start to its end. */
function once(order: Order, onFault: OnFault): Promise<Ended> {
  rmSync(order.folder, { recursive: true, force: true });
  mkdirSync(order.folder, { recursive: true });
  const current = join(order.folder, CURRENT_NAME);
  const { hangMs = HANG_MS } = order;
  return new Promise((resolve) => {
    const process = fork(child, [JSON.stringify(order)], {
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let last: Progress | null = null;
    let text = "";
    let isHanging = false;
    process.stderr!.on("data", (chunk: Buffer) => {
      text = `${text}${chunk}`.slice(-4000);
    });
    process.on("message", (message: Message) => {
      if (message.kind === "progress") last = message;
      else if (message.why !== "") onFault(message.why, message.stack, message.file);
    });
    const watch = setInterval(() => {
      if (!existsSync(current) || Date.now() - statSync(current).mtimeMs < hangMs + LOOK_MS) return;
      isHanging = true;
      process.kill("SIGKILL");
    }, LOOK_MS);
    process.on("close", (code) => {
      clearInterval(watch);
      resolve({ last, how: isHanging ? "hang" : code === 0 ? "done" : "abort", text });
    });
  });
}

/** The line of a dying process that says why. */
const lastWords = (text: string): string =>
  /FATAL ERROR[^\n]*|\w*Error:[^\n]*/.exec(text)?.[0] ?? text.trim().split("\n").at(-1) ?? "";

/** Reads mutants of one kind for `order.ms`, with as many processes, one after another, as that takes. */
export async function watched(order: Order): Promise<Watched> {
  const sum: Watched = {
    ...{ tried: 0, taken: 0, refused: 0, aborts: 0, hangs: 0, unrepeated: 0 },
    ...{ peakBytes: 0, slowestMs: 0, corpus: 0, covered: 0 },
    faults: new Map(),
  };
  const onFault: OnFault = (why, stack, file) => {
    const place = stack.split("\n").find((line) => / at /.test(line)) ?? "";
    const key = `${why}${place === "" ? "" : `, ${place.trim()}`}`;
    const known = sum.faults.get(key);
    if (known) known.times++;
    else sum.faults.set(key, { times: 1, stack, file });
  };
  const end = performance.now() + order.ms;
  for (let round = 0; sum.tried < order.count && performance.now() < end; round++) {
    const part = { ...order, seed: order.seed + round, count: order.count - sum.tried, ms: end - performance.now() };
    const { last, how, text } = await once(part, onFault);
    if (last) {
      for (const name of ["tried", "taken", "refused"] as const) sum[name] += last[name];
      for (const name of ["peakBytes", "slowestMs", "corpus", "covered"] as const)
        sum[name] = Math.max(sum[name], last[name]);
    }
    if (how === "done") {
      if ((last?.tried ?? 0) === 0) break;
      continue;
    }
    await judgeEnd(how, text, part, sum, onFault);
    if (!last && round > 2) break;
  }
  return sum;
}

/** Keeps the file that a process died of, and tries it alone. */
async function judgeEnd(
  how: "hang" | "abort",
  text: string,
  order: Order,
  sum: Watched,
  onFault: OnFault,
): Promise<void> {
  const current = join(order.folder, CURRENT_NAME);
  if (!existsSync(current)) {
    onFault(`the process did not begin: ${lastWords(text)}`, "", "");
    sum.aborts++;
    return;
  }
  mkdirSync(order.keep, { recursive: true });
  const file = join(order.keep, `${order.subject.replaceAll(/\W/g, "-")}-${how}-${order.seed}.bin`);
  copyFileSync(current, file);
  const again = await once({ ...order, replay: file }, () => {});
  if (again.how === "done") {
    sum.unrepeated++;
    return;
  }
  if (how === "hang") sum.hangs++;
  else sum.aborts++;
  onFault(
    how === "hang" ? `more than ${(order.hangMs ?? HANG_MS) / 1000} s` : `the process aborts: ${lastWords(text)}`,
    "",
    file,
  );
}
