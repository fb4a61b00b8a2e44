/**
 * Tells the garbage collector how much memory a tensor holds. V8 does not see a backend's memory, so a loop that drops
 * tensors fills it long before V8 finds its own small heap worth collecting. An ArrayBuffer of the tensor's size, kept by
 * the tensor and never touched, is counted by V8 and takes no physical memory (calloc maps zero pages on first use).
 *
 * Buffers of tensors that were freed explicitly are handed on to the next tensor of the same size: a loop that disposes
 * allocates none and causes no collection.
 */

/** Below this a tensor weighs about as much as its JavaScript objects, which V8 counts by itself. */
const MIN_BYTES = 4096;
/** Limit of buffers that wait for the next tensor. */
const MAX_IDLE_BYTES = 2 ** 32;

const idle = new Map<number, ArrayBuffer[]>();
let idleBytes = 0;
let bytesSinceTurn = 0;
let bytesSinceSearch = 0;

/** What a tensor of `bytes` keeps a reference to; null where none is needed. */
export function takeHint(bytes: number): ArrayBuffer | null {
  if (bytes < MIN_BYTES) return null;
  const waiting = idle.get(bytes)?.pop();
  if (waiting) {
    idleBytes -= bytes;
    return waiting;
  }
  bytesSinceTurn += bytes;
  bytesSinceSearch += bytes;
  try {
    return new ArrayBuffer(bytes);
  } catch {
    // no address space: the tensor itself may still fit
    return null;
  }
}

/** Hands a hint back when the memory behind it was freed. */
export function returnHint(hint: ArrayBuffer): void {
  const bytes = hint.byteLength;
  if (idleBytes + bytes > MAX_IDLE_BYTES) {
    idle.clear();
    idleBytes = 0;
    return;
  }
  const list = idle.get(bytes);
  if (list) list.push(hint);
  else idle.set(bytes, [hint]);
  idleBytes += bytes;
}

/** Bytes of tensors that were not disposed, made since the event loop was last known to turn. */
export const bytesMadeSinceTurn = (): number => bytesSinceTurn;

/** The same since unreachable tensors were last looked for: a loop that disposes makes none, and needs no search. */
export const bytesMadeSinceSearch = (): number => bytesSinceSearch;

/** To be called when the event loop has turned: finalizers had their chance. */
export function noteTurn(): void {
  bytesSinceTurn = 0;
}

/** To be called after a search for unreachable tensors. */
export function noteSearch(): void {
  bytesSinceTurn = 0;
  bytesSinceSearch = 0;
}
