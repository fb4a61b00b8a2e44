/** What the Watch screen shows, as signals. */
import { computed, effect, signal } from "@preact/signals";
import { differingOptions, type RunCurves, type RunEntry } from "../../src/studio-server/run-entry.js";
import { lookOf, shortPaths } from "./names.js";
import type { Axis, Stretch } from "./numbers.js";

/** Where the runs come from. looking: not known yet. */
export type Origin = "looking" | "server" | "files";

export const origin = signal<Origin>("looking");
/** Of the server; "" for dropped folders. */
export const folder = signal("");
export const isConnected = signal(true);
export const runs = signal<readonly RunEntry[]>([]);
/** By id; a run without an entry has none yet. */
export const curves = signal<ReadonlyMap<string, RunCurves>>(new Map());
/** Runs that are not drawn, so that a new one is. */
export const hidden = signal<ReadonlySet<string>>(new Set());
export const search = signal("");
/** What is searched for once nothing was typed for a moment. */
const sought = signal("");
const TYPING_MS = 150;
effect(() => {
  const { value } = search;
  const timer = setTimeout(() => (sought.value = value), TYPING_MS);
  return () => clearTimeout(timer);
});
export const axis = signal<Axis>("step");
export const smoothing = signal(0.6);
export const isLogX = signal(false);
export const isLogY = signal(false);
/** Null: everything. */
export const zoom = signal<Stretch | null>(null);
/** The run whose report is open. */
export const report = signal<string | null>(null);
/** The run under the pointer or the focus. */
export const pointed = signal<string | null>(null);

/** Those that the search finds, in names and in options. */
export const listed = computed(() => {
  const words = sought.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return runs.value;
  return runs.value.filter(({ id, options, state }) => {
    const text = `${id} ${state} ${Object.entries(options).flat().join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
});
export const drawn = computed(() => listed.value.filter(({ id }) => !hidden.value.has(id)));
export const differing = computed(() => (runs.value.length < 2 ? [] : differingOptions(runs.value)));
export const short = computed(() => shortPaths(differing.value));
/** By the place among all runs: a search changes no colour. */
export const looks = computed(() => new Map(runs.value.map(({ id }, n) => [id, lookOf(n)])));

const order = new Intl.Collator("en", { numeric: true });

/** Runs by id, numbers in names as numbers. */
export const inOrder = (entries: Iterable<RunEntry>): RunEntry[] =>
  [...entries].sort((a, b) => order.compare(a.id, b.id));
