/**
 * What a part of `measure` is: one question to a machine with a card, in a process of its own, whose rows are told as they
 * come. What has been told is kept, however the process ends.
 */

/** A row of a table, its columns by name. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

export type Told = { readonly table: string; readonly row: Row } | { readonly note: string };

export interface Asked {
  readonly isQuick: boolean;
  /** What must have ended by then, in ms since the process began; a part that looks leaves out what comes last. */
  readonly endsAtMs: number;
}

export interface Telling extends Asked {
  row(table: string, row: Row): void;
  note(text: string): void;
  /** Whether there is time left for something that takes about so long. */
  hasTime(ms: number): boolean;
}

export interface Part {
  readonly title: string;
  /** After which it is ended. */
  readonly minutes: number;
  /** Loads what it needs and runs. */
  readonly run: (telling: Telling) => Promise<void>;
}
