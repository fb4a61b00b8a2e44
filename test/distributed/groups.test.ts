/** Real processes, small vectors: every transport and number of ranks gives the bits of the tree. Runs the build. */
import { describe, expect, it } from "vitest";
import {
  expectedSum,
  freePort,
  launch,
  mpirun,
  type RankResult,
  rankFile,
  resultsOf,
  start,
  torchrunEnv,
} from "./ranks.js";

const LENGTH = 70_001;

function expectRight(results: readonly RankResult[], worldSize: number, replicas: number, transport: RegExp): void {
  expect(results.map(({ rank }) => rank)).toEqual(Array.from({ length: worldSize }, (_, rank) => rank));
  const sums = expectedSum(replicas, LENGTH);
  const tenths = Array.from({ length: worldSize }, () => 0.1).reduce((a, b) => a + b);
  for (const result of results)
    expect(result).toMatchObject({
      worldSize,
      localSize: worldSize,
      localRank: result.rank,
      transport: expect.stringMatching(transport),
      sums,
      again: sums,
      all: [(worldSize * (worldSize + 1)) / 2, (-worldSize * (worldSize - 1)) / 2 + 0, tenths],
      most: [worldSize, 0, 0.1],
      least: [1, 1 - worldSize, 0.1],
      byte: [worldSize, worldSize],
    });
}

describe("ranks of one machine", () => {
  it.each([
    [2, 2],
    [2, 5],
    [3, 8],
    [4, 3],
    [4, 11],
  ])("%i over Unix sockets add %i replicas", async (worldSize, replicas) => {
    const words = ["collectives", String(replicas), String(LENGTH)];
    const results = await resultsOf((file) => launch(worldSize, words, { TEST_RESULTS: file }).ended);
    expectRight(results, worldSize, replicas, /^sockets$/);
  });

  it.each([2, 3])("%i over TCP", async (worldSize) => {
    const port = await freePort();
    const results = await resultsOf(async (file) => {
      const ranks = Array.from({ length: worldSize }, (_, rank) =>
        start(process.execPath, [rankFile, "collectives", "5", String(LENGTH)], {
          ...torchrunEnv(rank, worldSize, port),
          TEST_RESULTS: file,
        }),
      );
      const ends = await Promise.all(ranks.map(({ ended }) => ended));
      return ends.find(({ code }) => code !== 0) ?? ends[0]!;
    });
    expectRight(results, worldSize, 5, /^sockets \(TCP\)$/);
  });

  const flags = mpirun();
  it.skipIf(!flags).each([
    [2, 2],
    [3, 8],
    [4, 3],
  ])("%i over MPI add %i replicas", async (worldSize, replicas) => {
    const words = [
      ...flags!,
      "-n",
      String(worldSize),
      process.execPath,
      rankFile,
      "collectives",
      String(replicas),
      String(LENGTH),
    ];
    const results = await resultsOf((file) => start("mpirun", words, { TEST_RESULTS: file }).ended);
    expectRight(results, worldSize, replicas, /^mpi \(\w/);
  });
});
