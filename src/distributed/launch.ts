/**
 * Starts the ranks of this machine as child processes, watches them, and ends all when one fails. The variables it leaves
 * them are torchrun's, so a rank cannot tell the two apart. It knows nothing of what the ranks do.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { availableParallelism, constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { DistributedError } from "../util/errors.js";
import type { Environment } from "./environment.js";
import { variables } from "./join.js";
import { RankProcess } from "./rank-process.js";
import { makeSocketFolder } from "./socket-folder.js";
import { expectLauncherFiles } from "./sockets/open-files.js";

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
  /** The address that the ranks of this machine listen on where it is not the one they are reached by: 0.0.0.0 for all. */
  readonly bindAddr?: string;
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

/** After the first failure the others have this long to leave before SIGKILL. */
const GRACE_MS = 5000;
/** Ranks that have agreed to stop write one checkpoint and leave, all at about the same time. */
const ORDERLY_MS = 60_000;
/** A failure is seldom alone: the others' complaints about the lost rank should not come between. */
const SETTLE_MS = 200;
/** A rank that fails leaves after those it has told, who blame it: it is waited for as long as its goodbye takes at most. */
const BLAMED_MS = 2500;
const handedOn = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const;
/** Those of a signal; SIGPIPE stands for a reader of rank 0's output who left. */
const orderlyCodes: readonly number[] = [...handedOn, "SIGPIPE" as const].map((name) => 128 + constants.signals[name]);

/** Runs the ranks to their end. SIGINT, SIGTERM, SIGHUP and SIGUSR1 are handed on to them. Throws DistributedError before any starts. */
export async function launchLocal(options: LaunchOptions, environment: Environment): Promise<LaunchOutcome> {
  const { nnodes = 1, nodeRank = 0, masterAddr, maxRestarts = 0, print } = options;
  if (nodeRank >= nnodes)
    throw new DistributedError(`launch: node rank ${nodeRank} of ${nnodes} nodes, expected a number below`);
  if (nnodes > 1 && !masterAddr)
    throw new DistributedError(
      `launch: ${nnodes} nodes and no master address`,
      "--master-addr HOST: where the first one is",
    );
  if (nnodes > 1 && environment[variables.secret] === undefined)
    throw new DistributedError(
      `launch: ${nnodes} nodes and no ${variables.secret}`,
      `export ${variables.secret}=$(openssl rand -hex 32) once, the same value on every machine`,
    );
  expectLauncherFiles(options.nproc);
  for (let restart = 0; ; restart++) {
    const run = new LocalRanks(options, environment, restart);
    const outcome = await run.finish();
    if (outcome.failure) for (const line of report(outcome.failure)) print(line);
    if (!outcome.failure || run.isStopping || restart >= maxRestarts) return { ...outcome, restarts: restart };
    print(`restart ${restart + 1} of ${maxRestarts}`);
  }
}

/** How many threads each of `localSize` ranks on this machine may use: the launcher's word, or a fair share of the cores. */
export function threadsPerRank(localSize: number): number {
  return Math.max(1, Math.floor(availableParallelism() / localSize));
}

/** All ranks of one attempt. */
class LocalRanks {
  /** Somebody wants the run to end: it is not started again. */
  isStopping = false;
  readonly #options: LaunchOptions;
  readonly #environment: Environment;
  readonly #restart: number;
  #ranks: RankProcess[] = [];

  constructor(options: LaunchOptions, environment: Environment, restart: number) {
    this.#options = options;
    this.#environment = environment;
    this.#restart = restart;
  }

  async finish(): Promise<Omit<LaunchOutcome, "restarts">> {
    const { nnodes = 1 } = this.#options;
    const folder = nnodes === 1 ? await makeSocketFolder() : null;
    const handOn = (signal: NodeJS.Signals) => {
      this.isStopping = true;
      for (const rank of this.#ranks) rank.kill(signal);
    };
    for (const name of handedOn) process.on(name, handOn);
    try {
      this.#start(folder);
      return await this.#watch();
    } finally {
      for (const rank of this.#ranks) rank.kill("SIGKILL");
      for (const name of handedOn) process.off(name, handOn);
      if (folder !== null) await rm(folder, { recursive: true, force: true });
    }
  }

  #start(folder: string | null): void {
    const {
      nproc,
      nnodes = 1,
      nodeRank = 0,
      masterAddr = "127.0.0.1",
      masterPort = 29_500,
      bindAddr,
      maxRestarts = 0,
      command,
      print,
    } = this.#options;
    const shared = {
      WORLD_SIZE: nnodes * nproc,
      LOCAL_WORLD_SIZE: nproc,
      GROUP_RANK: nodeRank,
      MASTER_ADDR: masterAddr,
      MASTER_PORT: masterPort,
      TORCHELASTIC_RESTART_COUNT: this.#restart,
      TORCHELASTIC_MAX_RESTARTS: maxRestarts,
      [variables.launcher]: process.pid,
      [variables.secret]: this.#environment[variables.secret] ?? randomBytes(32).toString("hex"),
      ...(folder !== null && { [variables.folder]: folder }),
      ...(bindAddr !== undefined && { [variables.bind]: bindAddr }),
    };
    this.#ranks = Array.from({ length: nproc }, (_, localRank) => {
      const rank = nodeRank * nproc + localRank;
      const own = { RANK: rank, LOCAL_RANK: localRank, ...shared };
      const strings = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, String(value)]));
      return new RankProcess(rank, command(this.#restart), { ...this.#environment, ...strings }, print);
    });
  }

  async #watch(): Promise<Omit<LaunchOutcome, "restarts">> {
    const failures: RankProcess[] = [];
    const failed = new Promise<RankProcess>((resolve) => {
      for (const rank of this.#ranks)
        void rank.ended.then(() => {
          if (rank.exitCode === 0) return;
          failures.push(rank);
          resolve(rank);
        });
    });
    const everyone = Promise.all(this.#ranks.map(({ ended }) => ended));
    const first = await Promise.race([failed, everyone.then(() => null)]);
    if (first === null) return { exitCode: 0, failure: null };
    if (this.#isOrderly(first)) {
      await Promise.race([everyone, sleep(ORDERLY_MS, undefined, { ref: false })]);
      return { exitCode: first.exitCode!, failure: null };
    }
    const grace = sleep(GRACE_MS, undefined, { ref: false });
    await sleep(SETTLE_MS);
    await Promise.race([this.#endOfBlamed(failures), sleep(BLAMED_MS, undefined, { ref: false })]);
    // of those that ended by themselves, the first that blames no other rank
    const cause = failures.find(({ blames }) => blames.length === 0) ?? first;
    for (const rank of this.#ranks) rank.kill("SIGTERM");
    await Promise.race([everyone, grace]);
    for (const rank of this.#ranks) rank.kill("SIGKILL");
    await everyone;
    const { rank, pid, exitCode, signal, lastLines } = cause;
    const failure = { rank, pid, exitCode, signal, lastLines };
    return { exitCode: exitCode ?? 128 + (signal ? constants.signals[signal] : 0), failure };
  }

  /** Resolves when a rank has failed that blames no other rank, or when all that are blamed have ended. */
  async #endOfBlamed(failures: readonly RankProcess[]): Promise<void> {
    const waited = new Set<RankProcess>();
    while (failures.every(({ blames }) => blames.length > 0)) {
      const blamed = failures.flatMap(({ blames }) => blames);
      const next = this.#ranks.find((rank) => blamed.includes(rank.rank) && !waited.has(rank));
      if (!next) return;
      await next.ended;
      waited.add(next);
    }
  }

  /** Left on request, after saving. */
  #isOrderly({ exitCode }: RankProcess): boolean {
    return exitCode !== null && orderlyCodes.includes(exitCode);
  }
}

function report({ rank, pid, exitCode, signal, lastLines }: RankFailure): string[] {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  const said = lastLines.map((line) => `  rank ${rank}: ${line}`);
  return [
    `rank ${rank} (pid ${pid}) ${how}, so all ranks have been stopped`,
    ...(said.length > 0 ? ["its last lines:", ...said] : []),
  ];
}
