/**
 * Which code has run since it was last asked, by Node's inspector: block counts of our readers and of the decoders in packages.
 * Native and WebAssembly code is not seen.
 */
import { type Profiler, Session } from "node:inspector";

const watched = /\/build\/src\/|\/node_modules\/(jpeg-js|fast-png|iobuffer|fflate)\//;

/** Counts of a block fall into classes: a loop that runs 100 times is not new with the 101st. */
const classOf = (count: number): number => Math.min(8, Math.ceil(Math.log2(count + 1)));

export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Blocks seen so far, with their classes of counts. */
  get size(): number {
    return this.#seen.size;
  }

  /** What has run since the last call. */
  look(): readonly string[] {
    const blocks: string[] = [];
    // the session is of this thread: the answer comes before post returns
    this.#session.post("Profiler.takePreciseCoverage", (_error, answer) => {
      for (const script of answer?.result ?? []) if (watched.test(script.url)) blocks.push(...blocksOf(script));
    });
    return blocks;
  }

  /** Whether there is a block among them that had never run, or never as often. */
  isNew(blocks: readonly string[]): boolean {
    return blocks.some((block) => !this.#seen.has(block));
  }

  note(blocks: readonly string[]): void {
    for (const block of blocks) this.#seen.add(block);
  }
}

const blocksOf = ({ scriptId, functions }: Profiler.ScriptCoverage): string[] =>
  functions.flatMap(({ ranges }) =>
    ranges
      .filter(({ count }) => count > 0)
      .map(({ startOffset, endOffset, count }) => `${scriptId}:${startOffset}:${endOffset}:${classOf(count)}`),
  );
