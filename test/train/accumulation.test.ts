/** The order of additions within a process, against the definition of the tree on numbers where order shows. */
import { describe, expect, it } from "vitest";
import { replicaShare, subtreesOf } from "../../src/train/replicas/replica-tree.js";
import { planAccumulation } from "../../src/train/steps/accumulation.js";

/** What the plan would have the process do, on numbers instead of gradients. */
function follow(subtrees: ReturnType<typeof subtreesOf>, numberOf: (replica: number) => number) {
  const plan = planAccumulation(subtrees);
  const buffers = new Float32Array(plan.buffers).fill(Number.NaN);
  const computed: number[] = [];
  let gradients = Number.NaN;
  const at = (place: "gradients" | number): number => (place === "gradients" ? gradients : buffers[place]!);
  for (const step of plan.steps)
    if (step.kind === "compute") {
      computed.push(step.replica);
      gradients = Math.fround(numberOf(step.replica));
    } else if (step.kind === "store") buffers[step.into] = gradients;
    else buffers[step.into] = Math.fround(at(step.into) + at(step.from));
  return { sums: plan.sums.map(at), computed, buffers: plan.buffers };
}

/** The definition: the left child has the largest power of two that is smaller than the node. */
function treeSum(first: number, count: number, numberOf: (replica: number) => number): number {
  if (count === 1) return Math.fround(numberOf(first));
  let left = 1;
  while (2 * left < count) left *= 2;
  return Math.fround(treeSum(first, left, numberOf) + treeSum(first + left, count - left, numberOf));
}

// sums of these in float32 depend on their order
const value = (replica: number): number => 1 / (replica + 3) + ((replica * 37) % 11);

describe("a process adds its replicas", () => {
  it("in the order of the tree, computing each once and in order, for every share of 1 to 17 replicas", () => {
    for (let replicas = 1; replicas <= 17; replicas++)
      for (let worldSize = 1; worldSize <= replicas; worldSize++)
        for (let rank = 0; rank < worldSize; rank++) {
          const share = replicaShare(replicas, worldSize, rank);
          const subtrees = subtreesOf(share, replicas);
          const { sums, computed } = follow(subtrees, value);
          expect(sums).toEqual(subtrees.map(({ first, count }) => treeSum(first, count, value)));
          expect(computed).toEqual(Array.from({ length: share.count }, (_, i) => share.first + i));
        }
  });

  it("in as many buffers as a subtree is deep", () => {
    for (let depth = 0; depth <= 6; depth++)
      expect(follow(subtreesOf({ first: 0, count: 2 ** depth }, 2 ** depth), value).buffers).toBe(depth);
  });

  it("where another order gives another sum", () => {
    const inTurn = Array.from({ length: 8 }, (_, i) => value(i)).reduce((a, b) => Math.fround(a + b));
    expect(inTurn).not.toBe(treeSum(0, 8, value));
  });
});
