/** How runs and their options are called and told apart on the screen. */
import type { OptionValue, RunEntry } from "../../src/studio-server/run-entry.js";

/** Options that say where and not how: they differ in every run, and tell none apart. */
const PLACES = /^(run\.(data|init)|name|description)$/;
/** Of a legend; the table has them all. */
const MOST_IN_NAME = 3;

/** The last part of each path, or as many as make it the only one: "optimizer.lr" -> "lr". */
export function shortPaths(paths: readonly string[]): ReadonlyMap<string, string> {
  const short = (path: string, parts: number): string => path.split(".").slice(-parts).join(".");
  const isAlone = (path: string, parts: number): boolean =>
    paths.filter((other) => short(other, parts) === short(path, parts)).length === 1;
  return new Map(
    paths.map((path) => {
      let parts = 1;
      while (!isAlone(path, parts) && parts < path.split(".").length) parts++;
      return [path, short(path, parts)];
    }),
  );
}

export const shownValue = (value: OptionValue | undefined): string =>
  value === undefined ? "–" : value === null ? "none" : String(value);

/** The name of a run with what differs in it: "s0-2 · lr 0.2 · seed 3". */
export function legendOf(
  { id, options }: RunEntry,
  differing: readonly string[],
  short: ReadonlyMap<string, string>,
): string {
  const telling = differing.filter((path) => !PLACES.test(path)).slice(0, MOST_IN_NAME);
  return [id, ...telling.map((path) => `${short.get(path)} ${shownValue(options[path])}`)].join(" · ");
}

export const states: Readonly<Record<RunEntry["state"], { readonly sign: string; readonly words: string }>> = {
  running: { sign: "●", words: "running" },
  elsewhere: { sign: "◐", words: "on another machine" },
  finished: { sign: "✓", words: "finished" },
  stopped: { sign: "■", words: "stopped" },
  begun: { sign: "○", words: "no step yet" },
};

/** Degrees between neighbours on the circle of hues: the golden angle, by which no two of many come near each other. */
const GOLDEN_ANGLE = 137.508;
const FIRST_HUE = 215;
const dashes: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
/** Runs of one kind of line. */
const HUES = 8;

/** Colour and dash of the n-th run: colour is never alone, and either has 3 : 1 against both papers. */
export function lookOf(n: number): { readonly colour: string; readonly dash: readonly number[] } {
  const hue = (FIRST_HUE + n * GOLDEN_ANGLE) % 360;
  return { colour: `oklch(0.62 0.15 ${hue.toFixed(0)})`, dash: dashes[Math.floor(n / HUES) % dashes.length]! };
}

/** Four significant digits, without an exponent where that is short. */
export function shownNumber(value: number | null): string {
  if (value === null) return "–";
  const rounded = Number(value.toPrecision(4));
  return Math.abs(rounded) >= 1e6 || (rounded !== 0 && Math.abs(rounded) < 1e-4)
    ? rounded.toExponential()
    : String(rounded);
}
