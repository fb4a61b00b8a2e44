/** Events on their way to the page; large arrays are transferred. */
import type { EventName, Events, Reply } from "../protocol.js";

export type Tell = <K extends EventName>(name: K, event: Events[K]) => void;

/** What of an event may be given away: the worker keeps none of these arrays. */
const transferred: { readonly [K in EventName]?: (event: Events[K]) => Transferable[] } = {
  answers: ({ ids, scores, worstFirst }) => [ids.buffer, scores.buffer, worstFirst.buffer] as Transferable[],
  epoch: ({ confusion }) => [confusion.counts.buffer] as Transferable[],
};

export const tell: Tell = (name, event) => {
  const transfer = (transferred[name] as ((e: typeof event) => Transferable[]) | undefined)?.(event) ?? [];
  postMessage({ kind: "event", name, event } as unknown as Reply, { transfer });
};
