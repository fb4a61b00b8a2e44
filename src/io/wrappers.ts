/**
 * What training tools put around a model, in a dictionary or before every name: DistributedDataParallel and averaged models
 * (`module`), torch.compile (`_orig_mod`), Lightning (`model`), timm (`state_dict_ema`), torchvision (`model_ema`). They may stand in
 * each other in any order, so they are taken off until nothing changes.
 */
import { getBudget } from "../util/budget.js";

/** Averaged weights first: where a file has both, they are what it was trained for. */
const averaged = ["state_dict_ema", "model_ema", "ema"] as const;
const wrappers: readonly string[] = [...averaged, "state_dict", "model_state_dict", "model", "module", "_orig_mod"];
const rankOf = new Map(wrappers.map((word, rank) => [word, rank] as const));
const isAveraged = (word: string): boolean => (averaged as readonly string[]).includes(word);

/** The words that wrappers are called by, for errors. */
export const wrapperWords: string = wrappers.join(", ");

/**
 * What tools keep beside the weights under names like theirs: how many models AveragedModel has averaged, mmengine's numbers of a
 * picture, what thop counted.
 */
const SIDE_ENTRY = /(^|\.)(n_averaged|data_preprocessor\.(mean|std)|total_ops|total_params)$/;
export const isSideEntry = (name: string): boolean => SIDE_ENTRY.test(name);

/** Names without what stands around them. */
export interface Unwrapped {
  /** What was taken off the names, as "module._orig_mod."; "" for nothing. */
  readonly prefix: string;
  /** Names as they were, by what is left of them. */
  readonly names: ReadonlyMap<string, string>;
  /** Names that were passed over: side entries, and the other set of weights where there are averaged ones. */
  readonly aside: readonly string[];
}

interface Named {
  readonly from: string;
  readonly name: string;
}

/** One wrapper off all that have it; null where two names would become one, and it does not say which. */
function takeOff(all: readonly Named[], word: string): { readonly kept: Named[]; readonly aside: string[] } | null {
  const length = word.length + 1;
  const bare = all.map(({ from, name }) => ({ from, name: name.startsWith(`${word}.`) ? name.slice(length) : name }));
  const wrapped = new Set(bare.filter(({ name }, i) => name !== all[i]!.name).map(({ name }) => name));
  const twice = (one: Named, i: number) => one.name === all[i]!.name && wrapped.has(one.name);
  const others = (one: Named, i: number) => isAveraged(word) && one.name === all[i]!.name && isWrapped(one.name);
  if (!isAveraged(word) && bare.some(twice)) return null;
  return {
    kept: bare.filter((one, i) => !twice(one, i) && !others(one, i)),
    aside: bare.filter((one, i) => twice(one, i) || others(one, i)).map(({ from }) => from),
  };
}

const isWrapped = (name: string): boolean => rankOf.has(name.slice(0, Math.max(0, name.indexOf("."))));

/**
 * Takes off every wrapper that at least half of the names have, until nothing changes: an entry that a tool added, or a head that was
 * put on later, does not keep the others from being found.
 */
export function unwrapNames(names: Iterable<string>): Unwrapped {
  const all = [...names].map((name) => ({ from: name, name }));
  let kept = all.filter(({ name }) => !isSideEntry(name));
  const aside = all.filter(({ name }) => isSideEntry(name)).map(({ from }) => from);
  let prefix = "";
  const refused = new Set<string>();
  const next = () =>
    wrappers.find(
      (word) =>
        !refused.has(word) &&
        2 * kept.filter(({ name }) => name.startsWith(`${word}.`)).length >= Math.max(1, kept.length),
    );
  for (let word = next(); word !== undefined; word = next()) {
    const bare = takeOff(kept, word);
    if (!bare) {
      refused.add(word);
      continue;
    }
    kept = bare.kept;
    aside.push(...bare.aside);
    prefix += `${word}.`;
  }
  return { prefix, names: new Map(kept.map(({ from, name }) => [name, from])), aside };
}

/** Entries without what stands around their names. */
export function unwrapEntries<T>(entries: ReadonlyMap<string, T>): {
  readonly entries: Map<string, T>;
  readonly prefix: string;
  readonly aside: readonly string[];
} {
  const { prefix, names, aside } = unwrapNames(entries.keys());
  return { prefix, aside, entries: new Map([...names].map(([name, from]) => [name, entries.get(from)!])) };
}

/** A key such as "model_ema", or "module.state_dict" where a tool put its prefix before everything: its rank, or null. */
function wrapperRank(key: unknown): number | null {
  if (typeof key !== "string" || key.length > 100) return null;
  const ranks = key.split(".").map((word) => rankOf.get(word));
  return ranks.includes(undefined) ? null : Math.min(...(ranks as number[]));
}

/**
 * The innermost dictionary for which `holds` is true, looking into wrappers before what is beside them, averaged ones first, and its path
 * as "model.model_ema"; null where there is none. Dictionaries may hold themselves.
 */
export function findInWrappers(
  object: unknown,
  holds: (value: ReadonlyMap<unknown, unknown>) => boolean,
): { readonly state: ReadonlyMap<unknown, unknown>; readonly path: string | null } | null {
  const most = getBudget().depth;
  const seen = new Set<unknown>();
  const open: { value: unknown; path: readonly string[]; isLookedInto: boolean }[] = [
    { value: object, path: [], isLookedInto: false },
  ];
  for (let one = open.pop(); one; one = open.pop()) {
    const { value, path, isLookedInto } = one;
    if (!(value instanceof Map)) continue;
    if (isLookedInto) {
      if (holds(value)) return { state: value, path: path.length === 0 ? null : path.join(".") };
      continue;
    }
    if (seen.has(value)) continue;
    seen.add(value);
    open.push({ ...one, isLookedInto: true });
    if (path.length >= most) continue;
    const inner = [...value].flatMap(([key, within]) => {
      const rank = within instanceof Map ? wrapperRank(key) : null;
      return rank === null ? [] : [{ rank, key: key as string, within }];
    });
    // the last that is put down is looked into first
    inner.sort((a, b) => b.rank - a.rank);
    for (const { key, within } of inner) open.push({ value: within, path: [...path, key], isLookedInto: false });
  }
  return null;
}

/** What all names begin with, as "encoder."; "" for nothing. */
export function commonPrefix(names: Iterable<string>): string {
  let common: readonly string[] | null = null;
  for (const name of names) {
    const words = name.split(".").slice(0, -1);
    const before: readonly string[] = common ?? words;
    const differs = before.findIndex((word, i) => word !== words[i]);
    common = differs < 0 ? before : before.slice(0, differs);
  }
  return common === null || common.length === 0 ? "" : `${common.join(".")}.`;
}
