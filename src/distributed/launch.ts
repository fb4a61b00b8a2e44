/**
 * Starts the ranks of this machine as child processes, watches them, and ends all when one fails. The variables it leaves
 * them are torchrun's, so a rank cannot tell the two apart. It knows nothing of what the ranks do.
 */
import type { Environment } from "./environment.js";

export interface LaunchOptions {
  /** Ranks on this machine. */
  readonly nproc: number;
  /** Machines; each runs its own launcher. Default 1. */
  readonly nnodes?: number;
  /** Which of them this is. Default 0. */
  readonly nodeRank?: number;
  /** Where rank 0 listens, needed for more than one machine. */
  readonly masterAddr?: string;
  /** Default 29500. */
  readonly masterPort?: number;
  /** How often all ranks are started again after a failure. Default 0. */
  readonly maxRestarts?: number;
  /** Words after `node` of every rank; `restart` counts from 0, so that a restarted one may be told to resume. */
  readonly command: (restart: number) => readonly string[];
  /** Hears about failures and restarts, line by line. */
  readonly print: (line: string) => void;
}

/** The rank that ended first, and how. */
export interface RankFailure {
  readonly rank: number;
  readonly pid: number;
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastLines: readonly string[];
}

export interface LaunchOutcome {
  /** 0; 128 plus the signal where all ranks left on request; else that of the first failure, never 0. */
  readonly exitCode: number;
  readonly restarts: number;
  readonly failure: RankFailure | null;
}

/** Runs the ranks to their end. SIGINT, SIGTERM and SIGUSR1 are handed on to them. */
export type LaunchLocal = (options: LaunchOptions, environment: Environment) => Promise<LaunchOutcome>;
