/**
 * What a campaign is: a name, a line about it and a body that tries something many times and counts. The runner (index.ts) lists
 * campaigns, shares the time between them and keeps their counts in bench/results/faults.json.
 */
import type { Tell } from "../study.js";

/** One line of the page: how often something was tried, and how often it went wrong. */
export interface Count {
  /** What was tried, e.g. "png" or "SIGKILL between steps". */
  readonly what: string;
  readonly trials: number;
  /** Trials that ended otherwise than they have to. */
  readonly failures: number;
  /** What went on beside it, in figures: "peak 310 MB, slowest 0.4 s". */
  readonly note?: string;
}

/** What a campaign gets. */
export interface SoakContext {
  /** Draws follow from it: the same seed tries the same things as far as the time allows. */
  readonly seed: number;
  /** performance.now() at which the campaign should be over; the trial under way is finished. */
  readonly deadline: number;
  /** The least that a campaign does to be one, instead of as much as the time allows. */
  readonly isShort: boolean;
  /** An empty folder of its own, removed afterwards. */
  readonly folder: string;
  /** Processes at a time, of campaigns whose trials do not disturb each other. */
  readonly jobs: number;
  /** Where inputs that failed are kept. */
  readonly keep: string;
  /** Names behind the slash of `--only CAMPAIGN/PART`; empty: all parts. */
  readonly parts: readonly string[];
  readonly tell: Tell;
}

/** What came of it. */
export interface CampaignResult {
  readonly counts: readonly Count[];
  /** A line a failure: what happened and where its input is kept. */
  readonly failures: readonly string[];
  /** Why something was not tried here, e.g. that mounts are not permitted. */
  readonly skipped?: readonly string[];
}

/** A campaign's module exports one as `campaign`. */
export interface Campaign {
  /** One line for --help. */
  readonly help: string;
  /** Its part of the time, against the others'. */
  readonly share: number;
  run(context: SoakContext): Promise<CampaignResult>;
}

/** Whether a campaign has to come to its end. */
export const isOver = ({ deadline }: SoakContext): boolean => performance.now() >= deadline;

/** What a campaign of several parts has counted. */
export class Tally {
  readonly counts: Count[] = [];
  readonly failures: string[] = [];
  readonly skipped: string[] = [];

  /** One trial of a kind that is tried once. */
  check(what: string, isRight: boolean, note: string): void {
    this.counts.push({ what, trials: 1, failures: isRight ? 0 : 1, note });
    if (!isRight) this.failures.push(`${what}: ${note}`);
  }

  result(): CampaignResult {
    const { counts, failures, skipped } = this;
    return { counts, failures, skipped };
  }
}
