/** Processor time of processes and their threads, from Linux's /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ of Linux. */
const TICKS_PER_SECOND = 100;

/** The words of a stat file after the name, which is in brackets and may hold anything. */
function statOf(path: string): { readonly name: string; readonly words: readonly string[] } {
  const text = readFileSync(path, "utf8");
  const end = text.lastIndexOf(") ");
  return { name: text.slice(text.indexOf("(") + 1, end), words: text.slice(end + 2).split(" ") };
}

const sum = (words: readonly string[], ...at: readonly number[]): number =>
  at.reduce((all, i) => all + Number(words[i]), 0);

/** `pid` and every process that descends from it. */
export function descendants(pid: number): number[] {
  const parentOf = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)))
    try {
      parentOf.set(Number(name), Number(statOf(`/proc/${name}/stat`).words[1]));
    } catch {
      // it has ended
    }
  const descends = (one: number): boolean => one === pid || (one > 1 && descends(parentOf.get(one) ?? 0));
  return [...parentOf.keys()].filter(descends);
}

/** Processor seconds of a process and what descends from it, children that have ended and were waited for included. */
export function cpuSeconds(pid: number): number {
  let ticks = 0;
  for (const one of descendants(pid))
    try {
      ticks += sum(statOf(`/proc/${one}/stat`).words, 11, 12, 13, 14);
    } catch {
      // it has ended
    }
  return ticks / TICKS_PER_SECOND;
}

/** By thread of every process that descends from this one: its name, and the ticks of processor time that it has had. */
export function threadTicks(): ReadonlyMap<number, { readonly name: string; readonly ticks: number }> {
  const found = new Map<number, { name: string; ticks: number }>();
  for (const pid of descendants(process.pid).filter((one) => one !== process.pid))
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const { name, words } = statOf(`/proc/${pid}/task/${thread}/stat`);
        found.set(Number(thread), { name, ticks: sum(words, 11, 12) });
      }
    } catch {
      // it has ended
    }
  return found;
}

/** Processor seconds of this process's children that have ended. */
export const endedSeconds = (): number => sum(statOf("/proc/self/stat").words, 13, 14) / TICKS_PER_SECOND;
