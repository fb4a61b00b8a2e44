/** Ranks that die, stop, or talk nonsense, and launchers that vanish: who is named, and that nobody is left. Runs the build. */
import { describe, expect, it } from "vitest";
import { installedMpi, launch, startMpi } from "./ranks.js";

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const until = async (isTrue: () => boolean, ms = 10_000): Promise<boolean> => {
  const end = performance.now() + ms;
  while (!isTrue() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  return isTrue();
};

describe("a rank that fails", () => {
  it.each([
    ["1", "SIGKILL", 137, /launcher: rank 1 \(pid \d+\) was ended by SIGKILL/],
    ["0", "SIGKILL", 137, /launcher: rank 0 \(pid \d+\) was ended by SIGKILL/],
    ["2", "throw", 1, /launcher: rank 2 \(pid \d+\) ended with exit code 1[\s\S]*rank 2: Error: as the test wants it/],
    ["1", "exit", 7, /launcher: rank 1 \(pid \d+\) ended with exit code 7/],
    ["1", "abort", 9, /PeerError: (rank [23] has stopped: )*rank 1 has stopped: out of luck/],
    ["1", "mismatch", 1, /rank 1 is at barrier \d+ with 0 bytes, expected sumReplicas \d+ with \d+/],
  ])("%s by %s: all end, and it is named", async (rank, how, code, message) => {
    const ended = await launch(4, ["fate", rank, how]).ended;
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(code);
    expect(ended.ms).toBeLessThan(10_000);
  });

  it("is named when it only stops, by the deadline", async () => {
    const ended = await launch(3, ["fate", "2", "SIGSTOP"], { TEST_OPTIONS: '{"deadlineMs":700}' }).ended;
    expect(ended.stderr).toMatch(/sumReplicas \d+: rank 2 is late, rank \d has waited for 0\.7 s/);
    expect(ended.code).toBe(1);
    expect(ended.ms).toBeLessThan(10_000);
  });

  it("costs one restart where one is allowed", async () => {
    const ended = await launch(2, ["fate", "1", "exit"], { TEST_RESTARTS: "1" }).ended;
    expect(ended.stderr).toMatch(/launcher: restart 1 of 1/);
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ rank: 0, worldSize: 2 });
  });

  const mpis = installedMpi();
  it.each(mpis)("is named when it only stops, over $name", async (mpi) => {
    const ended = await startMpi(mpi, 3, ["fate", "2", "SIGSTOP"], { TEST_OPTIONS: '{"deadlineMs":700}' }).ended;
    expect(ended.stderr).toMatch(/sumReplicas \d+: rank 2 is late/);
    expect(ended.code).not.toBe(0);
    expect(ended.ms).toBeLessThan(10_000);
  });

  it.each(mpis)("ends all when killed, over $name", async (mpi) => {
    const ended = await startMpi(mpi, 3, ["fate", "1", "SIGKILL"]).ended;
    expect(ended.stdout + ended.stderr).toMatch(/rank 1 .*exited on signal 9|Killed \(signal 9\)/);
    expect(ended.code).not.toBe(0);
    expect(ended.ms).toBeLessThan(10_000);
  });
});

describe("signals", () => {
  it.each([
    ["SIGTERM", 143],
    ["SIGUSR1", 138],
    ["SIGINT", 130],
  ] as const)("%s to the launcher reaches all ranks, who leave together", async (signal, code) => {
    const run = launch(3, ["signals"]);
    expect(await until(() => run.stdout().includes("ready"))).toBe(true);
    run.child.kill(signal);
    const ended = await run.ended;
    expect(ended.code).toBe(code);
    expect(ended.stderr).toBe("");
  });

  it("a launcher that is killed leaves no rank behind", async () => {
    const run = launch(3, ["pids"]);
    expect(await until(() => /\d+ \d+ \d+\n/.test(run.stdout()))).toBe(true);
    const pids = run.stdout().trim().split(" ").map(Number);
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    run.child.kill("SIGKILL");
    expect(await until(() => !pids.some(isAlive))).toBe(true);
  });
});
