/** What a dispatch costs by its own declaration: how costs are counted without a card. */
import type { Call } from "./calls.js";

export interface DispatchCost {
  readonly name: string;
  /** Of its arrays, each once; overwritten ones that are read as well, twice. */
  readonly bytes: number;
  readonly threads: number;
  /** Threads that compute or load something. */
  readonly working: number;
  readonly arrays: number;
}

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** Where a call does not say how many threads work, one does for each element of its last array, as in gpu.js's kernels. */
export function dispatchCost({ pipeline, bound, groups, working, bytes, update }: Call): DispatchCost {
  const seen = new Set<string>();
  let counted = 0;
  const isReadToo = update !== null && update.reads.length > 0;
  bound.forEach(({ pooled, offsetBytes, bytes: size }, i) => {
    const key = `${pooled.id}:${offsetBytes}`;
    if (!seen.has(key)) counted += size * (isReadToo && pipeline.access[i] === "write" ? 2 : 1);
    seen.add(key);
  });
  const threads = product(groups) * product(pipeline.workgroup);
  return {
    name: pipeline.name,
    bytes: bytes ?? counted,
    threads,
    working: Math.min(threads, working ?? bound.at(-1)!.bytes / 4),
    arrays: bound.length,
  };
}

export interface WorkShare {
  /** Arithmetic of the ops that it works for. */
  readonly flops: number;
  readonly ops: readonly string[];
}

/** The arithmetic of each op goes to the dispatches that work for it, by the bytes that they touch. */
export function shareWork(
  costs: readonly DispatchCost[],
  users: readonly (readonly number[])[],
  flopsOfOp: readonly number[],
): Pick<WorkShare, "flops">[] {
  const bytesOfOp = flopsOfOp.map(() => 0);
  const bytesEach = costs.map(({ bytes }, i) => bytes / users[i]!.length);
  users.forEach((own, i) => {
    for (const user of own) bytesOfOp[user]! += bytesEach[i]!;
  });
  return users.map((own, i) => ({
    flops: own.reduce((sum, user) => sum + (flopsOfOp[user]! * bytesEach[i]!) / bytesOfOp[user]!, 0),
  }));
}
