/**
 * Two machines, as network namespaces with an address each, joined by a virtual cable: what is not on one host really
 * travels. Needs root. Runs the build.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Ended, expectedSum, installedMpi, rankFile, resultsOf, secret, start } from "./ranks.js";

const LENGTH = 70_001;
const hosts = ["t1a", "t1b"].map((name, i) => ({ name: `${name}${process.pid}`, address: `10.213.7.${i + 1}` }));
const ip = (...words: string[]) => spawnSync("ip", words, { encoding: "utf8" });

function connectHosts(): boolean {
  const cable = (i: number) => `v${i}t${process.pid}`;
  const done = [
    ...hosts.map(({ name }) => ip("netns", "add", name)),
    ip("link", "add", cable(0), "type", "veth", "peer", "name", cable(1)),
    ...hosts.flatMap(({ name, address }, i) => [
      ip("link", "set", cable(i), "netns", name),
      ip("-n", name, "addr", "add", `${address}/24`, "dev", cable(i)),
      ip("-n", name, "link", "set", cable(i), "up"),
      ip("-n", name, "link", "set", "lo", "up"),
    ]),
  ];
  const failed = done.find(({ status }) => status !== 0);
  if (!failed) return true;
  process.stderr.write(`SKIPPED: two hosts: no network namespaces here: ${failed.stderr || failed.error?.message}\n`);
  return false;
}

/** One process on each host, started by Open MPI on the first. */
async function overMpi(program: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "agent-"));
  try {
    const agent = join(folder, "agent.sh");
    const cases = hosts.map(({ name, address }) => `${address}) exec ip netns exec ${name} sh -c "$*";;`).join("\n");
    writeFileSync(agent, `#!/bin/sh\nhost=$1; shift\ncase "$host" in\n${cases}\nesac\n`, { mode: 0o755 });
    const subnet = "10.213.7.0/24";
    const mca = { plm_rsh_agent: agent, btl_tcp_if_include: subnet, oob_tcp_if_include: subnet };
    const flags = [...openMpi!.flags, ...Object.entries(mca).flatMap(([name, value]) => ["--mca", name, value])];
    const exported = Object.keys(env).flatMap((name) => ["-x", name]);
    const where = ["-H", hosts.map(({ address }) => `${address}:1`).join(","), ...exported, "-n", "2"];
    const words = ["netns", "exec", hosts[0]!.name, openMpi!.command, ...flags, ...where, ...program];
    return await start("ip", words, env).ended;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const openMpi = installedMpi().find(({ name }) => name === "Open MPI");
const isConnected = connectHosts();
afterAll(() => {
  for (const { name } of hosts) ip("netns", "del", name);
});

describe.skipIf(!isConnected)("two hosts", () => {
  it("add over TCP, two ranks each", async () => {
    const words = ["collectives", "5", String(LENGTH)];
    const results = await resultsOf(async (file) => {
      const ranks = [0, 1, 2, 3].map((rank) => {
        const env = {
          RANK: String(rank),
          WORLD_SIZE: "4",
          LOCAL_RANK: String(rank % 2),
          LOCAL_WORLD_SIZE: "2",
          MASTER_ADDR: hosts[0]!.address,
          MASTER_PORT: "29517",
          TENSORONE_SECRET: secret,
          TEST_RESULTS: file,
        };
        const host = hosts[Math.floor(rank / 2)]!.name;
        return start("ip", ["netns", "exec", host, process.execPath, rankFile, ...words], env);
      });
      const ends = await Promise.all(ranks.map(({ ended }) => ended));
      return ends.find(({ code }) => code !== 0) ?? ends[0]!;
    });
    const sums = expectedSum(5, LENGTH);
    expect(results.map(({ sums }) => sums)).toEqual([sums, sums, sums, sums]);
    expect(results[3]).toMatchObject({ rank: 3, localRank: 1, localSize: 2, transport: "sockets (TCP)" });
  });

  it.skipIf(!openMpi)("add over MPI, one rank each", async () => {
    const rank = [process.execPath, rankFile, "collectives", "5", String(LENGTH)];
    const results = await resultsOf((file) => overMpi(rank, { TEST_RESULTS: file }));
    const sums = expectedSum(5, LENGTH);
    expect(results).toMatchObject([0, 1].map((rank) => ({ rank, worldSize: 2, localRank: 0, localSize: 1, sums })));
  });

  it.skipIf(!openMpi)("train over MPI to the bytes of one process", async () => {
    const root = mkdtempSync(join(tmpdir(), "hosts-"));
    const main = join(import.meta.dirname, "../../dist/cli/main.js");
    const size = ["--replicas", "2", "--batch-size", "2", "--max-steps", "3", "--no-validate"];
    const program = (out: string) => [
      ...[process.execPath, main, "train", "--out", join(root, out)],
      ...[...size, "--threads", "1", "--workers", "0"],
    ];
    const bytesOf = (out: string) => readFileSync(join(root, out, "checkpoints/step_000003.safetensors"), "base64");
    try {
      const [node, ...words] = program("one");
      expect(await start(node!, words).ended).toMatchObject({ code: 0 });
      const ended = await overMpi(program("two"));
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(ended.stdout + ended.stderr).toMatch(/2 replicas on 2 processes \(mpi \(Open MPI/);
      expect(bytesOf("two") === bytesOf("one")).toBe(true);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it("name the rank whose cable is cut", async () => {
    const ranks = [0, 1].map((rank) => {
      const env = {
        RANK: String(rank),
        WORLD_SIZE: "2",
        LOCAL_RANK: "0",
        LOCAL_WORLD_SIZE: "1",
        MASTER_ADDR: hosts[0]!.address,
        MASTER_PORT: "29518",
        TENSORONE_SECRET: secret,
        TEST_OPTIONS: '{"deadlineMs":1500}',
      };
      return start("ip", ["netns", "exec", hosts[rank]!.name, process.execPath, rankFile, "pids"], env);
    });
    while (!ranks[0]!.stdout().includes("\n")) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ip("-n", hosts[1]!.name, "link", "set", `v1t${process.pid}`, "down").status).toBe(0);
    const ends = await Promise.all(ranks.map(({ ended }) => ended));
    expect(ends[0]!.stderr).toMatch(/sumReplicas \d+: rank 1 is late, rank 0 has waited for 1\.5 s/);
    expect(ends.map(({ code }) => code)).toEqual([1, 1]);
  });
});
