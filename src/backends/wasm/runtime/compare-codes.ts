/**
 * Two machine codes of one kernel on the same memory: both run, what they have written is compared bit by bit. On one thread,
 * as what lies in a worker's own scratch depends on the tasks that it happened to get.
 */
import type { MemoryRange } from "./memory-range.js";
import type { Run } from "./stages.js";

/** Processors make NaN with either sign, by the order of operands, which a compiler is free to choose. */
const HIGH_WORDS_OF_NAN: ReadonlySet<number> = new Set([0x7fc00000, 0xffc00000, 0x7ff80000, 0xfff80000]);

const areEqual = (a: number, b: number): boolean =>
  a === b || ((a ^ b) >>> 0 === 0x80000000 && HIGH_WORDS_OF_NAN.has(a >>> 0));

/** The first byte where `a` differs from `b`, a copy, NaN of both signs being one; -1 where they do not. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.byteOffset % 4 !== 0) return firstDifference(a.slice(), b);
  const words = a.length >> 2;
  const x = new Int32Array(a.buffer, a.byteOffset, words);
  const y = new Int32Array(b.buffer, b.byteOffset, words);
  for (let i = 0; i < words; i++) if (x[i] !== y[i] && !areEqual(x[i]!, y[i]!)) return 4 * i;
  for (let i = 4 * words; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

/**
 * Runs [expected, found] one after the other from the same state of `writes`, which must cover all that the kernel writes. Leaves
 * what the first one wrote. Where they differ first, in words, or what the second one threw; null where they do not.
 */
export function compareCodes(
  memory: WebAssembly.Memory,
  [expected, found]: readonly [Run, Run],
  tasks: number,
  args: readonly number[],
  writes: readonly MemoryRange[],
): string | null {
  const copy = (): Uint8Array[] =>
    writes.map(({ pointer, bytes }) => new Uint8Array(memory.buffer, pointer, bytes).slice());
  const restore = (copies: readonly Uint8Array[]): void =>
    copies.forEach((bytes, i) => {
      new Uint8Array(memory.buffer).set(bytes, writes[i]!.pointer);
    });
  const before = copy();
  expected(0, tasks, ...args);
  const wanted = copy();
  restore(before);
  let difference: string | null = null;
  try {
    found(0, tasks, ...args);
    writes.forEach(({ pointer, bytes }, range) => {
      if (difference !== null) return;
      const at = firstDifference(new Uint8Array(memory.buffer, pointer, bytes), wanted[range]!);
      if (at >= 0) difference = `byte ${at} of ${bytes} that it writes`;
    });
  } catch (error) {
    difference = `it failed: ${error instanceof Error ? error.message : error}`;
  }
  restore(wanted);
  return difference;
}
