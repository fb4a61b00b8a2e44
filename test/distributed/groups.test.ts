/** Real processes, small vectors: every transport and number of ranks gives the bits of the tree. Runs the build. */
import { describe, expect, it } from "vitest";
import {
  expectedSum,
  freePort,
  installedMpi,
  launch,
  type RankResult,
  rankFile,
  resultsOf,
  start,
  startMpi,
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

  it.each(
    installedMpi().flatMap((mpi) => [
      { mpi, worldSize: 2, replicas: 2 },
      { mpi, worldSize: 3, replicas: 8 },
      { mpi, worldSize: 4, replicas: 3 },
    ]),
  )("$worldSize over $mpi.name add $replicas replicas", async ({ mpi, worldSize, replicas }) => {
    const words = ["collectives", String(replicas), String(LENGTH)];
    const results = await resultsOf((file) => startMpi(mpi, worldSize, words, { TEST_RESULTS: file }).ended);
    expectRight(results, worldSize, replicas, new RegExp(`^mpi \\(${mpi.name} \\d`));
  });
});
