/** What the process that reads mutants tells the one that watches it. */

/** How far it is; sums since it began. */
export interface Progress {
  readonly kind: "progress";
  readonly tried: number;
  readonly taken: number;
  readonly refused: number;
  readonly peakBytes: number;
  readonly slowestMs: number;
  /** Files that mutants are made of by now. */
  readonly corpus: number;
  /** Blocks of code that ran, with their classes of counts. */
  readonly covered: number;
}

/** A mutant that was answered otherwise than it has to be. */
export interface Fault {
  readonly kind: "fault";
  readonly why: string;
  readonly stack: string;
  /** Where the mutant is kept. */
  readonly file: string;
}

export type Message = Progress | Fault;

/** What the reading process is told, as one word of JSON. */
export interface Order {
  readonly subject: string;
  readonly seed: number;
  /** Mutants at most. */
  readonly count: number;
  readonly ms: number;
  /** Whether coverage guides it: it costs half of the speed. */
  readonly isGuided: boolean;
  /** An empty folder to work in. */
  readonly folder: string;
  readonly keep: string;
  /** A kept file to be read once, instead of mutants. */
  readonly replay?: string;
  /** URL of a module that exports other `subjects`. */
  readonly table?: string;
  /** A reader that takes longer hangs. Default HANG_MS. */
  readonly hangMs?: number;
}

/** The mutant under way, in the folder of the process: when it was written is when it began. */
export const CURRENT_NAME = ".mutant";
/** What the issue allows for any file. */
export const HANG_MS = 10_000;
/** More than this, over everything that the process has loaded, is too much for any file. */
export const MOST_BYTES = 1e9;
