/**
 * Rank, world size and meeting point, from the environment variables of the launcher: a table of launchers, first match wins.
 * Reads variables only; whether the others can be reached is the transports' concern.
 */
import { DistributedError } from "../util/errors.js";

export type Environment = { readonly [name: string]: string | undefined };
export type LauncherName = "torchrun" | "openmpi" | "mpich" | "slurm" | "kubernetes";

/** A process among `worldSize`. */
export interface RankIdentity {
  readonly launcher: LauncherName;
  readonly rank: number;
  readonly worldSize: number;
  readonly localRank: number;
  readonly localSize: number;
  /** Where rank 0 may be met, where the launcher says so. */
  readonly masterAddr: string | undefined;
}

interface Launcher {
  readonly name: LauncherName;
  /** Every one of these variables is there. */
  readonly marks: readonly string[];
  readonly rank: string;
  readonly worldSize: string;
  /** Where they are missing, the process is taken for the only one of its machine. */
  readonly localRank: string;
  readonly localSize: string | ((env: Environment) => number | undefined);
  readonly masterAddr?: (env: Environment) => string | undefined;
}

/** Sources: torch.distributed.run, ompi_info and orte's manual, hydra's and srun's manuals, Kubernetes' Indexed Job. */
const launchers: readonly Launcher[] = [
  {
    name: "torchrun",
    marks: ["RANK", "WORLD_SIZE"],
    rank: "RANK",
    worldSize: "WORLD_SIZE",
    localRank: "LOCAL_RANK",
    localSize: "LOCAL_WORLD_SIZE",
  },
  {
    name: "openmpi",
    marks: ["OMPI_COMM_WORLD_RANK"],
    rank: "OMPI_COMM_WORLD_RANK",
    worldSize: "OMPI_COMM_WORLD_SIZE",
    localRank: "OMPI_COMM_WORLD_LOCAL_RANK",
    localSize: "OMPI_COMM_WORLD_LOCAL_SIZE",
  },
  {
    // before MPICH: srun speaks PMI too, and its own words say more
    name: "slurm",
    // SLURM_PROCID and SLURM_NTASKS are in a batch script, too, which is no rank; only srun's steps have these
    marks: ["SLURM_PROCID", "SLURM_STEP_NUM_TASKS"],
    rank: "SLURM_PROCID",
    worldSize: "SLURM_STEP_NUM_TASKS",
    localRank: "SLURM_LOCALID",
    localSize: slurmLocalSize,
    masterAddr: ({ SLURM_STEP_NODELIST, SLURM_JOB_NODELIST }) => firstHost(SLURM_STEP_NODELIST ?? SLURM_JOB_NODELIST),
  },
  {
    name: "mpich",
    marks: ["PMI_RANK", "PMI_SIZE"],
    rank: "PMI_RANK",
    worldSize: "PMI_SIZE",
    localRank: "MPI_LOCALRANKID",
    localSize: "MPI_LOCALNRANKS",
  },
  {
    name: "kubernetes",
    marks: ["JOB_COMPLETION_INDEX", "WORLD_SIZE"],
    rank: "JOB_COMPLETION_INDEX",
    worldSize: "WORLD_SIZE",
    localRank: "LOCAL_RANK",
    localSize: "LOCAL_WORLD_SIZE",
  },
];

/** Who this process is; null where no launcher has started it. Throws DistributedError where the variables make no sense. */
export function readIdentity(env: Environment): RankIdentity | null {
  const launcher = launchers.find(({ marks }) => marks.every((name) => env[name] !== undefined));
  if (!launcher) return null;
  const worldSize = wholeNumber(env, launcher.worldSize) ?? missing(launcher.worldSize, launcher.name);
  const rank = wholeNumber(env, launcher.rank) ?? missing(launcher.rank, launcher.name);
  const size = launcher.localSize;
  const localSize = (typeof size === "string" ? wholeNumber(env, size) : size(env)) ?? 1;
  const localRank = wholeNumber(env, launcher.localRank) ?? 0;
  if (rank >= worldSize)
    throw new DistributedError(
      `${launcher.name}: ${launcher.rank}=${rank} with ${launcher.worldSize}=${worldSize}, expected a rank below the size`,
    );
  if (localSize < 1 || localRank >= localSize || localSize > worldSize)
    throw new DistributedError(
      `${launcher.name}: local rank ${localRank} of ${localSize} in a world of ${worldSize}, expected 0 <= local rank < local size <= world`,
    );
  const masterAddr = env.MASTER_ADDR ?? launcher.masterAddr?.(env);
  return { launcher: launcher.name, rank, worldSize, localRank, localSize, masterAddr };
}

/** The value of a variable; undefined where it is not set. Throws DistributedError unless it is a whole number from 0. */
export function wholeNumber(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  if (!/^\d+$/.test(text)) throw new DistributedError(`${name}=${text}, expected a whole number`);
  return Number(text);
}

function missing(name: string, launcher: LauncherName): never {
  throw new DistributedError(`${launcher}: ${name} is not set, expected a whole number`);
}

/** SLURM_STEP_TASKS_PER_NODE is run-length coded, "2(x3),1": this node's entry. */
function slurmLocalSize(env: Environment): number | undefined {
  const node = wholeNumber(env, "SLURM_NODEID") ?? 0;
  const runs = (env.SLURM_STEP_TASKS_PER_NODE ?? env.SLURM_TASKS_PER_NODE ?? "").split(",");
  const sizes = runs.flatMap((run) => {
    const [, size, times] = /^(\d+)(?:\(x(\d+)\))?$/.exec(run.trim()) ?? [];
    return size === undefined ? [] : new Array<number>(Number(times ?? 1)).fill(Number(size));
  });
  return sizes[node];
}

/** First host of Slurm's list: "gpu[03-07,12],login" -> "gpu03". */
function firstHost(list: string | undefined): string | undefined {
  const match = /^([^[,]+)(?:\[([^\],-]+))?/.exec(list ?? "");
  return match ? `${match[1]}${match[2] ?? ""}` : undefined;
}
