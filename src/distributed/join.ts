/**
 * How a process becomes a rank: reads who it is from the environment its launcher left, chooses the transport, and joins.
 */
import { type ProcessGroup, soloGroup } from "../train/replicas/process-group.js";
import { DistributedError } from "../util/errors.js";
import { type Environment, type RankIdentity, readIdentity, wholeNumber } from "./environment.js";
import { endWithLauncher } from "./launcher-watch.js";
import { MeshGroup } from "./mesh-group.js";
import { joinMpi } from "./mpi/join.js";
import { mpiTrouble } from "./mpi/library.js";
import type { Blame, Notice } from "./peer-error.js";
import { isLoopback } from "./sockets/bind.js";
import { type MeetingPoint, meet } from "./sockets/rendezvous.js";
import { SocketTransport } from "./sockets/socket-transport.js";

export const transportNames = ["auto", "sockets", "mpi"] as const;
/** How processes talk. */
export type TransportName = (typeof transportNames)[number];

/** How a process joins the others. */
export interface JoinOptions {
  /** auto: MPI where mpirun or srun started this process and the library is there, else sockets. */
  readonly transport: TransportName;
  /** Every collective ends within this time or throws, naming who is late. Default ten minutes. */
  readonly deadlineMs?: number;
  /** All ranks have come within this time, or joining throws. Default five minutes. */
  readonly joinMs?: number;
  /** Called once for each oddity that is no error: an unauthenticated connection to the port. */
  readonly onNotice?: (text: string) => void;
}

/** What the launcher of this package adds to torchrun's variables. */
export const variables = {
  /** Shared by the ranks of one run; a connection without it is refused. */
  secret: "TENSORONE_SECRET",
  /** Process id of the launcher, where that is ours. */
  launcher: "TENSORONE_LAUNCHER",
  /** Folder of the Unix sockets, where all ranks are on one machine. */
  folder: "TENSORONE_SOCKETS",
  /** The address that a rank listens on, where it is not the one it is reached by. */
  bind: "TENSORONE_BIND",
} as const;

const defaults = { deadlineMs: 600_000, joinMs: 300_000, masterPort: 29_500 } as const;
/** As if the launcher's hang-up had reached us: 128 + SIGHUP. */
const LOST_LAUNCHER_CODE = 129;
/** What can be guessed in an afternoon is no secret. */
const LEAST_SECRET_LENGTH = 16;

/**
 * The group this process belongs to; the group of one where no launcher has started it. Throws DistributedError: others who
 * do not come, a library that is missing, variables that make no sense.
 *
 * @example
 * ```ts
 * const group = await joinProcessGroup({ transport: "auto" }, process.env);
 * console.log(group.rank, group.worldSize); // 0 1, where no launcher has started the process
 * await group.close();
 * ```
 */
export async function joinProcessGroup(options: JoinOptions, environment: Environment): Promise<ProcessGroup> {
  const identity = readIdentity(environment);
  if (!identity || identity.worldSize === 1) return soloGroup();
  if (environment[variables.launcher] !== undefined) endWithLauncher(LOST_LAUNCHER_CODE);
  const { deadlineMs = defaults.deadlineMs } = options;
  const isMpi = await choosesMpi(options, identity, environment);
  const transport = isMpi ? await joinMpi(identity) : await joinSockets(options, identity, environment);
  const group = new MeshGroup(transport, { deadlineMs, onBlame: blame(environment) });
  await group.barrier();
  return group;
}

/** mpirun's ranks can talk over MPI at once; srun's where Slurm offers them a PMI. */
async function choosesMpi(
  { transport, onNotice }: JoinOptions,
  { launcher }: RankIdentity,
  environment: Environment,
): Promise<boolean> {
  if (transport === "sockets") return false;
  if (transport === "mpi") return true;
  const hasPmi = environment.PMIX_RANK !== undefined || environment.PMI_RANK !== undefined;
  if (launcher !== "openmpi" && launcher !== "mpich" && !(launcher === "slurm" && hasPmi)) return false;
  const trouble = await mpiTrouble();
  if (trouble === null) return true;
  onNotice?.(`no MPI, so sockets: ${trouble.summary}`);
  return false;
}

/** Tells our launcher, if it is one of ours and listens. */
function blame(environment: Environment): (peers: readonly number[]) => void {
  if (environment[variables.launcher] === undefined) return () => {};
  return (blames) => {
    if (process.connected) process.send?.({ blames } satisfies Blame);
  };
}

async function joinSockets(
  { joinMs = defaults.joinMs, onNotice = () => {} }: JoinOptions,
  identity: RankIdentity,
  environment: Environment,
): Promise<SocketTransport> {
  const { rank, worldSize } = identity;
  const at = meetingPoint(identity, environment);
  const secret = environment[variables.secret];
  if (secret === undefined || secret.length < LEAST_SECRET_LENGTH)
    throw new DistributedError(
      `sockets: ${variables.secret} ${secret === undefined ? "is not set" : `has ${secret.length} characters`}, expected a secret of at least ${LEAST_SECRET_LENGTH} characters that all ranks share`,
      `export ${variables.secret}=$(openssl rand -hex 32) before the launcher starts; the same on every machine`,
    );
  const tell = noticesOf(identity, environment, onNotice);
  const peers = await meet({ rank, worldSize, at, secret, deadlineMs: joinMs, onNotice: tell });
  return new SocketTransport(identity, peers, at.kind === "unix" ? "sockets" : "sockets (TCP)");
}

/** What a rank prints that is not rank 0 is not seen: the first one of a machine tells our launcher. */
function noticesOf(
  { rank, localRank }: RankIdentity,
  environment: Environment,
  onNotice: (text: string) => void,
): (text: string) => void {
  if (rank === 0 || localRank > 0 || environment[variables.launcher] === undefined) return onNotice;
  return (notice) => {
    if (process.connected) process.send?.({ notice } satisfies Notice);
  };
}

function meetingPoint(
  { launcher, localSize, worldSize, masterAddr }: RankIdentity,
  environment: Environment,
): MeetingPoint {
  const folder = environment[variables.folder];
  if (folder !== undefined) return { kind: "unix", folder };
  const host = masterAddr ?? (localSize === worldSize ? "127.0.0.1" : undefined);
  if (host === undefined)
    throw new DistributedError(
      `sockets: ${launcher} does not say where rank 0 is, expected MASTER_ADDR`,
      "export MASTER_ADDR=HOST (and MASTER_PORT) for all ranks, or let them talk over MPI",
    );
  if (isLoopback(host) && localSize !== worldSize && launcher !== "torchrun")
    throw new DistributedError(
      `sockets: MASTER_ADDR=${host} with ${localSize} of ${worldSize} ranks on this machine, expected an address that the others reach`,
    );
  const port = wholeNumber(environment, "MASTER_PORT") ?? defaults.masterPort;
  const bind = environment[variables.bind];
  return { kind: "tcp", host, port, ...(bind && { bind }) };
}
