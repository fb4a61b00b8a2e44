/**
 * A rank for the tests: joins its group and does what the first word says, with numbers that every test can recompute.
 * Runs the build, as real ranks do.
 */
import { createHash } from "node:crypto";
import { joinProcessGroup } from "../../dist/distributed/join.js";
import { replicaShare, subtreesOf } from "../../dist/train/replicas/replica-tree.js";

const [task, ...words] = process.argv.slice(2);
const settings = { deadlineMs: 20_000, joinMs: 20_000, ...JSON.parse(process.env.TEST_OPTIONS ?? "{}") };

/** Gradient of a replica: float32 numbers of widely different size, so that the order of addition shows. */
export function gradient(replica, length) {
  return Float32Array.from({ length }, (_, i) => Math.sin(1 + replica * 7919 + i * 104729) * 10 ** ((i + replica) % 7));
}

/** Sum of a subtree as one process would compute it. */
export function subtreeSum({ first, count }, length) {
  if (count === 1) return gradient(first, length);
  let left = 1;
  while (left * 2 < count) left *= 2;
  const a = subtreeSum({ first, count: left }, length);
  const b = subtreeSum({ first: first + left, count: count - left }, length);
  return a.map((value, i) => value + b[i]);
}

const digest = (values) => createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex").slice(0, 16);

async function sum(group, replicas, length) {
  const share = replicaShare(replicas, group.worldSize, group.rank);
  const parts = subtreesOf(share, replicas).map((range) => subtreeSum(range, length));
  const into = parts[0] ?? new Float32Array(length);
  await group.sumReplicas(parts, replicas, into);
  return into;
}

const tasks = {
  /** words: replicas, length. Prints what each collective gave. */
  async collectives(group) {
    const [replicas, length] = words.map(Number);
    const sums = digest(await sum(group, replicas, length));
    const again = digest(await sum(group, replicas, length));
    const numbers = Float64Array.of(group.rank + 1, -group.rank, 0.1);
    const all = numbers.slice();
    await group.allReduce(all, "sum");
    const most = numbers.slice();
    await group.allReduce(most, "max");
    const least = numbers.slice();
    await group.allReduce(least, "min");
    const bytes = new Uint8Array(300_000).fill(group.rank + 1);
    await group.broadcast(bytes, group.worldSize - 1);
    await group.barrier();
    const { rank, worldSize, localRank, localSize, transport } = group;
    return {
      rank,
      worldSize,
      localRank,
      localSize,
      transport,
      sums,
      again,
      all: [...all],
      most: [...most],
      least: [...least],
      byte: [bytes[0], bytes[299_999]],
    };
  },
  /** words: rank, how. One rank meets its fate after a few sums; the others go on until they notice. */
  async fate(group) {
    const [victim, how] = words;
    for (let step = 0; step < 1e6; step++) {
      if (step === 3 && group.rank === Number(victim)) {
        process.stderr.write(`rank ${group.rank} meets its fate\n`);
        if (how === "throw") throw new Error("as the test wants it");
        if (how === "abort") await group.abort("out of luck");
        if (how === "abort") return { left: true };
        if (how === "exit") process.exit(7);
        if (how === "mismatch") await group.barrier();
        process.kill(process.pid, how);
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }
      await sum(group, 5, 1000);
    }
  },
  /** Rank 0 says the process ids of all, and everybody goes on adding. */
  async pids(group) {
    const pids = new Float64Array(group.worldSize);
    pids[group.rank] = process.pid;
    await group.allReduce(pids, "sum");
    if (group.rank === 0) process.stdout.write(`${[...pids].join(" ")}\n`);
    for (;;) await sum(group, 5, 1000);
  },
  /** Waits for a signal, says so, and leaves as training does: 128 plus its number. */
  async signals(group) {
    const flag = Float64Array.of(0);
    for (const [name, number] of [
      ["SIGTERM", 15],
      ["SIGUSR1", 10],
      ["SIGINT", 2],
    ])
      process.on(name, () => (flag[0] = number));
    // a signal before its handler is there would end a rank
    await group.barrier();
    process.stdout.write(group.rank === 0 ? "ready\n" : "");
    for (;;) {
      const agreed = flag.slice();
      await group.allReduce(agreed, "max");
      if (agreed[0] > 0) {
        await group.close();
        process.exit(128 + agreed[0]);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
};

if (tasks[task]) {
  try {
    const group = await joinProcessGroup(
      { transport: "auto", onNotice: (text) => process.stderr.write(`note: ${text}\n`), ...settings },
      process.env,
    );
    try {
      const result = await tasks[task](group);
      if (result.left) process.exit(9);
      await group.barrier();
      const line = `${JSON.stringify(result)}\n`;
      // all ranks' results in one place, whoever owns stdout
      if (process.env.TEST_RESULTS) (await import("node:fs")).appendFileSync(process.env.TEST_RESULTS, line);
      else process.stdout.write(line);
      await group.close();
    } catch (error) {
      await group.abort(error.summary ?? error.message);
      throw error;
    }
  } catch (error) {
    process.stderr.write(`${error.name}: ${error.message}\n`);
    process.exit(1);
  }
}
