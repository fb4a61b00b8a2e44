import { describe, expect, it } from "vitest";
import { readIdentity } from "../../src/distributed/environment.js";

describe("who a process is, by its launcher's variables", () => {
  const slurm = { SLURM_PROCID: "3", SLURM_LOCALID: "1", SLURM_NODEID: "1", SLURM_STEP_NUM_TASKS: "5" };
  it.each([
    [
      "torchrun",
      { RANK: "5", WORLD_SIZE: "8", LOCAL_RANK: "1", LOCAL_WORLD_SIZE: "4", MASTER_ADDR: "h" },
      [5, 8, 1, 4, "h"],
    ],
    [
      "openmpi",
      {
        OMPI_COMM_WORLD_RANK: "2",
        OMPI_COMM_WORLD_SIZE: "4",
        OMPI_COMM_WORLD_LOCAL_RANK: "0",
        OMPI_COMM_WORLD_LOCAL_SIZE: "2",
      },
      [2, 4, 0, 2, undefined],
    ],
    ["mpich", { PMI_RANK: "1", PMI_SIZE: "2", MPI_LOCALRANKID: "1", MPI_LOCALNRANKS: "2" }, [1, 2, 1, 2, undefined]],
    [
      "slurm",
      { ...slurm, SLURM_STEP_TASKS_PER_NODE: "2(x2),1", SLURM_STEP_NODELIST: "gpu[03-05]" },
      [3, 5, 1, 2, "gpu03"],
    ],
    [
      "slurm",
      { ...slurm, PMI_RANK: "3", PMI_SIZE: "5", SLURM_STEP_TASKS_PER_NODE: "1,4", SLURM_JOB_NODELIST: "a1,b2" },
      [3, 5, 1, 4, "a1"],
    ],
    [
      "kubernetes",
      { JOB_COMPLETION_INDEX: "1", WORLD_SIZE: "3", MASTER_ADDR: "train-0.train" },
      [1, 3, 0, 1, "train-0.train"],
    ],
  ])("%s", (launcher, env, [rank, worldSize, localRank, localSize, masterAddr]) => {
    expect(readIdentity(env)).toEqual({ launcher, rank, worldSize, localRank, localSize, masterAddr });
  });

  it("takes a batch script of Slurm, which is no rank, for alone", () => {
    expect(readIdentity({ SLURM_PROCID: "0", SLURM_NTASKS: "16", SLURM_JOB_ID: "7" })).toBeNull();
    expect(readIdentity({})).toBeNull();
  });

  it.each([
    [{ RANK: "2", WORLD_SIZE: "2" }, /RANK=2 with WORLD_SIZE=2, expected a rank below/],
    [{ RANK: "-1", WORLD_SIZE: "2" }, /RANK=-1, expected a whole number/],
    [{ RANK: "0", WORLD_SIZE: "" }, /WORLD_SIZE is not set/],
    [{ RANK: "0", WORLD_SIZE: "2", LOCAL_RANK: "3", LOCAL_WORLD_SIZE: "2" }, /local rank 3 of 2/],
    [{ OMPI_COMM_WORLD_RANK: "0" }, /OMPI_COMM_WORLD_SIZE is not set/],
  ])("refuses %o", (env, message) => {
    expect(() => readIdentity(env)).toThrow(message);
  });
});
