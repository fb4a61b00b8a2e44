/**
 * The command line's side of several processes: whether this process is a launcher, a rank, or alone.
 */
import { type Environment, readIdentity } from "../../distributed/environment.js";
import { variables } from "../../distributed/join.js";
import { launchLocal } from "../../distributed/launch.js";
import { UsageError } from "../../util/errors.js";
import { Terminal } from "../../util/terminal.js";
import type { Outcome } from "../command.js";
import type { Values } from "../options.js";
import type { launchOptions } from "./options.js";

/** A command that has nothing to go on with takes no restarts. */
export type LaunchValues = Omit<Values<typeof launchOptions>, "maxRestarts"> & { readonly maxRestarts?: number };

/** What a start adds to the words of this process. */
export interface AddedWords {
  /** To the first start, such as ["--out", run]. */
  readonly firstArgs: readonly string[];
  /** To a restart, such as ["--out", run, "--resume"]. */
  readonly resumeArgs: readonly string[];
}

/** Whether a failure of this process is final: a launcher, ours or torchrun, starts it again until its restarts are spent. */
export function isLastAttempt(environment: Environment): boolean {
  const { TORCHELASTIC_RESTART_COUNT: count = "0", TORCHELASTIC_MAX_RESTARTS: most = "0" } = environment;
  return !(Number(count) < Number(most));
}

/** Whether this process has to start ranks rather than to be one. Throws UsageError where options contradict. */
export function isLauncher(values: LaunchValues, environment: Environment, command = "train"): boolean {
  const { nproc = 1, nnodes = 1, nodeRank, masterAddr, transport } = values;
  const identity = readIdentity(environment);
  const isAsked = nproc > 1 || nnodes > 1;
  if (environment[variables.launcher] !== undefined && identity) return false;
  if (identity && isAsked)
    throw new UsageError(
      `${command}: --nproc ${nproc} --nnodes ${nnodes} in a process that ${identity.launcher} has started, expected one launcher`,
      `leave --nproc and --nnodes away: ${identity.launcher} has started ${identity.worldSize} processes`,
    );
  if (!isAsked) return false;
  if (transport === "mpi")
    throw new UsageError(
      `${command}: --transport mpi with --nproc, expected mpirun`,
      `mpirun -n ${nproc} npx tensorone ${command} …`,
    );
  if (nnodes > 1 && (nodeRank === undefined || masterAddr === undefined))
    throw new UsageError(
      `${command}: --nnodes ${nnodes} without ${nodeRank === undefined ? "--node-rank" : "--master-addr"}`,
      `on each machine: --nnodes ${nnodes} --node-rank 0…${nnodes - 1} --master-addr HOST-OF-THE-FIRST`,
    );
  return true;
}

/**
 * Runs this very command line as ranks, and returns how they ended. Failures are reported on stderr; rank 0 has spoken for
 * itself on stdout, unless it was killed, whose error object is then ours to print.
 */
export async function launchRanks(
  values: LaunchValues,
  environment: Environment,
  { firstArgs, resumeArgs }: AddedWords,
): Promise<Outcome> {
  const { nproc = 1, nnodes = 1, nodeRank = 0, masterAddr, masterPort, bindAddr, maxRestarts = 0 } = values;
  const terminal = new Terminal(process.stderr, environment);
  const words = process.argv.slice(1);
  const { exitCode, failure } = await launchLocal(
    {
      nproc,
      nnodes,
      nodeRank,
      ...(masterAddr !== undefined && { masterAddr }),
      ...(masterPort !== undefined && { masterPort }),
      ...(bindAddr !== undefined && { bindAddr }),
      maxRestarts,
      command: (restart) => [...words, ...(restart === 0 ? firstArgs : resumeArgs)],
      print: (line) => terminal.print(line),
    },
    environment,
  );
  const { rank, pid, signal } = failure ?? {};
  const isMute = rank === 0 && signal !== null;
  const message = `rank ${rank} (pid ${pid}) was ended by ${signal}`;
  return { json: isMute ? { error: { name: "DistributedError", message, hint: null } } : null, exitCode };
}
