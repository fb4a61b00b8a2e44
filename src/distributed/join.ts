/**
 * How a process becomes a rank: reads who it is from the environment its launcher left, chooses the transport, and joins.
 */
import { type ProcessGroup, soloGroup } from "../train/process-group.js";
import { DistributedError } from "../util/errors.js";
import { type Environment, readIdentity } from "./environment.js";

export const transportNames = ["auto", "sockets", "mpi"] as const;
export type TransportName = (typeof transportNames)[number];

export interface JoinOptions {
  /** auto: MPI where mpirun or srun started this process and the library is there, else sockets. */
  readonly transport: TransportName;
  /** Every collective ends within this time or throws, naming who is late. Default ten minutes. */
  readonly deadlineMs?: number;
  /** Hears, once each, what is odd but not wrong: a stranger on the port. */
  readonly onNotice?: (text: string) => void;
}

/**
 * The group this process belongs to; the group of one where no launcher has started it. Throws DistributedError: others who
 * do not come, a library that is missing, variables that make no sense.
 */
export async function joinProcessGroup(_options: JoinOptions, environment: Environment): Promise<ProcessGroup> {
  const identity = readIdentity(environment);
  if (!identity || identity.worldSize === 1) return soloGroup();
  throw new DistributedError(`${identity.launcher}: no transport for ${identity.worldSize} processes yet`);
}
