/**
 * Pictures on their way into a project: decoded by several threads, kept, and looked at by the frozen network while others are still
 * decoded, so that the first answers come after some twenty of them.
 */
import type { Incoming, Refused } from "../protocol.js";
import { DecodePool } from "./pictures/decode-pool.js";
import type { Decoded } from "./pictures/messages.js";

/** Pictures that are looked at together. */
const CHUNK = 16;

/** What is done with the pictures; called one after the other. */
export interface TakingIn {
  /** A picture that was decoded. */
  keep(incoming: Incoming, decoded: Decoded): Promise<void>;
  /** Some were kept: `done` of `of` files are through. */
  progress(done: number, of: number): Promise<void>;
}

/** Returns the pictures that could not be taken in. An error of `keep` ends it. */
export async function takeIn(
  files: readonly Incoming[],
  cores: number,
  { keep, progress }: TakingIn,
): Promise<Refused[]> {
  const pool = new DecodePool(cores);
  const refused: Refused[] = [];
  // a few more than decode at once: what is decoded waits in memory
  const ahead = pool.size + 2;
  const queue: Promise<Decoded>[] = [];
  const start = (): void => {
    const next = files[started];
    if (!next) return;
    started += 1;
    const decoded = pool.decode(next.file);
    // looked at in its turn
    decoded.catch(() => {});
    queue.push(decoded);
  };
  let started = 0;
  try {
    for (let i = 0; i < ahead; i++) start();
    for (const [i, incoming] of files.entries()) {
      let decoded: Decoded | null = null;
      try {
        decoded = await queue.shift()!;
      } catch (error) {
        refused.push({ name: incoming.name, why: error instanceof Error ? error.message : String(error) });
      }
      start();
      if (decoded) await keep(incoming, decoded);
      if ((i + 1) % CHUNK === 0 || i === files.length - 1) await progress(i + 1, files.length);
    }
    return refused;
  } finally {
    pool.close();
  }
}
