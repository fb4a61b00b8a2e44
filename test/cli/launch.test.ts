import { describe, expect, it } from "vitest";
import { isLauncher, type LaunchValues } from "../../src/cli/launch/launch.js";

const values = (some: Partial<LaunchValues> = {}): LaunchValues => ({
  nproc: undefined,
  nnodes: undefined,
  nodeRank: undefined,
  masterAddr: undefined,
  masterPort: undefined,
  bindAddr: undefined,
  transport: "auto",
  maxRestarts: 0,
  collectiveTimeout: 600,
  ...some,
});
const torchrun = { RANK: "1", WORLD_SIZE: "2", LOCAL_RANK: "1", LOCAL_WORLD_SIZE: "2" };

describe("whether a process launches ranks", () => {
  it("does so where several are asked for and nobody has started it as one", () => {
    expect(isLauncher(values(), {})).toBe(false);
    expect(isLauncher(values({ nproc: 1 }), {})).toBe(false);
    expect(isLauncher(values({ nproc: 2 }), {})).toBe(true);
    expect(isLauncher(values({ nnodes: 2, nodeRank: 0, masterAddr: "h" }), {})).toBe(true);
    expect(isLauncher(values(), torchrun)).toBe(false);
    // a rank of our own has the launcher's words
    expect(isLauncher(values({ nproc: 2 }), { ...torchrun, TENSORONE_LAUNCHER: "1" })).toBe(false);
  });

  it.each([
    [{ nproc: 2 }, torchrun, /--nproc 2 --nnodes 1 in a process that torchrun has started/],
    [{ nproc: 2, transport: "mpi" as const }, {}, /--transport mpi with --nproc, expected mpirun/],
    [{ nnodes: 2, masterAddr: "h" }, {}, /--nnodes 2 without --node-rank/],
    [{ nnodes: 2, nodeRank: 1 }, {}, /--nnodes 2 without --master-addr/],
  ])("refuses %o", (some, environment, message) => {
    expect(() => isLauncher(values(some), environment)).toThrow(message);
  });
});
