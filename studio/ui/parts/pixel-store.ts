/** Pictures to draw, asked of the worker in groups as tiles come into view; the longest unseen are forgotten. */
import type { Pixels } from "../../protocol.js";
import { client } from "../session/actions.js";

/** A tile's longer use of the screen: 112 CSS px at twice the density, short side. */
export const TILE_SIDE = 128;
/** Of the network's own 256 px pictures: what the worker keeps. */
export const LARGE_SIDE = 256;
/** Pictures kept: 400 of 128 px are 30 MB. */
const MOST_KEPT = 400;
/** Asked for at once, so that first tiles do not wait for the last. */
const GROUP = 24;

const kept = new Map<string, Pixels>();
const wanted = new Map<
  string,
  { readonly id: number; readonly side: number; readonly callers: Set<(p: Pixels) => void> }
>();
let isAsking = false;

function keep(key: string, pixels: Pixels): void {
  kept.delete(key);
  kept.set(key, pixels);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
}

async function askForSome(): Promise<void> {
  isAsking = true;
  while (wanted.size > 0) {
    const { side } = wanted.values().next().value!;
    const some = [...wanted].filter(([, one]) => one.side === side).slice(0, GROUP);
    for (const [key] of some) wanted.delete(key);
    try {
      const answer = await client().request("pixels", { ids: some.map(([, { id }]) => id), side });
      for (const pixels of answer) {
        const key = `${pixels.id}:${side}`;
        keep(key, pixels);
        for (const then of some.find(([name]) => name === key)?.[1].callers ?? []) then(pixels);
      }
    } catch {
      // a picture that was removed meanwhile, or a worker that ended: the tile stays empty, and the page says why elsewhere
    }
  }
  isAsking = false;
}

/** Calls back once, at once where the picture is known; the returned function takes the wish back. */
export function wantPixels(id: number, side: number, then: (pixels: Pixels) => void): () => void {
  const key = `${id}:${side}`;
  const known = kept.get(key);
  if (known) {
    keep(key, known);
    then(known);
    return () => {};
  }
  const wish = wanted.get(key) ?? { id, side, callers: new Set() };
  wish.callers.add(then);
  wanted.set(key, wish);
  // tiles of one frame ask together
  if (!isAsking) {
    isAsking = true;
    queueMicrotask(() => void askForSome());
  }
  return () => {
    wish.callers.delete(then);
    if (wish.callers.size === 0) wanted.delete(key);
  };
}
