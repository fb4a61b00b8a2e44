/**
 * Several ranks in one process, as a stand-in for transports: each call waits until all ranks have made it, then one of them
 * does the arithmetic, straight along the tree. It shares no code with distributed/.
 */
import type { ProcessGroup } from "../../src/train/replicas/process-group.js";
import { replicaShare, subtreesOf } from "../../src/train/replicas/replica-tree.js";

interface Meeting {
  readonly op: string;
  readonly given: unknown[];
  readonly done: Promise<void>;
  settle(error?: Error): void;
}

/** The sum over a node of the tree, in float32, from the leaves and inner nodes that `parts` has. */
function sumTree(parts: ReadonlyMap<string, Float32Array>, first: number, count: number): Float32Array {
  const own = parts.get(`${first}+${count}`);
  if (own) return own;
  let left = 1;
  while (2 * left < count) left *= 2;
  const a = sumTree(parts, first, left);
  const b = sumTree(parts, first + left, count - left);
  return a.map((value, i) => value + b[i]!);
}

/** `worldSize` groups that meet each other. */
export function memoryGroups(worldSize: number): ProcessGroup[] {
  let meeting: Meeting | null = null;
  let broken: Error | null = null;

  /** `body` runs once all are there, with what each gave, by rank. */
  async function meet<T>(rank: number, op: string, own: T, body: (given: readonly T[]) => void): Promise<void> {
    if (broken) throw broken;
    if (!meeting) {
      let settle: Meeting["settle"] = () => {};
      const done = new Promise<void>((resolve, reject) => {
        settle = (error) => (error ? reject(error) : resolve());
      });
      meeting = { op, given: [], done, settle };
    }
    const current = meeting;
    if (current.op !== op) throw new Error(`rank ${rank} calls ${op} where others call ${current.op}`);
    current.given[rank] = own;
    if (current.given.filter((value) => value !== undefined).length === worldSize) {
      meeting = null;
      body(current.given as readonly T[]);
      current.settle();
    }
    await current.done;
  }

  return Array.from(
    { length: worldSize },
    (_, rank): ProcessGroup => ({
      rank,
      worldSize,
      localRank: rank,
      localSize: worldSize,
      transport: "memory",
      sumReplicas: (parts, replicas, into) =>
        meet(rank, "sumReplicas", { parts, into }, (given) => {
          const byNode = new Map(
            given.flatMap((of, r) =>
              subtreesOf(replicaShare(replicas, worldSize, r), replicas).map(
                ({ first, count }, i) => [`${first}+${count}`, of.parts[i]!] as const,
              ),
            ),
          );
          const sum = sumTree(byNode, 0, replicas).slice();
          for (const of of given) of.into.set(sum);
        }),
      allReduce: (values, op) =>
        meet(rank, `allReduce ${op}`, values, (given) => {
          const combine = { sum: (a: number, b: number) => a + b, max: Math.max, min: Math.min }[op];
          const result = given[0]!.map((_, i) => given.map((of) => of[i]!).reduce((a, b) => combine(a, b)));
          for (const of of given) of.set(result);
        }),
      broadcast: (bytes, root = 0) =>
        meet(rank, "broadcast", bytes, (given) => {
          const source = given[root]!.slice();
          for (const of of given) of.set(source);
        }),
      barrier: () => meet(rank, "barrier", true, () => {}),
      async abort(reason) {
        broken ??= new Error(`rank ${rank} has left: ${reason}`);
        meeting?.settle(broken);
        meeting = null;
      },
      async close() {},
    }),
  );
}
