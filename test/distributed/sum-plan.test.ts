import { describe, expect, it } from "vitest";
import { Adder } from "../../src/distributed/adder.js";
import { planSum, type SumTerm } from "../../src/distributed/sum-plan.js";
import { replicaShare, subtreesOf } from "../../src/train/replicas/replica-tree.js";

/** The tree as text, by its definition. */
const tree = (first: number, count: number): string => {
  if (count === 1) return String(first);
  const left = [32, 16, 8, 4, 2, 1].find((power) => power < count)!;
  return `(${tree(first, left)}+${tree(first + left, count - left)})`;
};

describe("the plan of a sum", () => {
  it("adds the same tree for every number of ranks", () => {
    for (let replicas = 1; replicas <= 12; replicas++)
      for (let worldSize = 1; worldSize <= 14; worldSize++) {
        const plan = planSum(replicas, worldSize);
        const temporaries: string[] = [];
        let result = "";
        const read = (operand: SumTerm): string => {
          if (operand.kind === "result") return result;
          if (operand.kind === "temporary") return temporaries[operand.index]!;
          const range = subtreesOf(replicaShare(replicas, worldSize, operand.rank), replicas)[operand.part]!;
          return tree(range.first, range.count);
        };
        for (const { left, right, target } of plan.steps) {
          const value = `(${read(left)}+${read(right)})`;
          if (target.kind === "temporary") temporaries[target.index] = value;
          else result = value;
        }
        expect(read(plan.root), `${replicas} replicas, ${worldSize} ranks`).toBe(tree(0, replicas));
        expect(temporaries.length).toBe(plan.temporaries);
      }
  });
});

describe("the adder", () => {
  it.each([0, 1, 3, 4, 5, 1000, 70_001])("adds %i numbers as Math.fround does", (length) => {
    const adder = new Adder();
    adder.reserve(3, length);
    const [a, b] = [0, 1].map((slot) => {
      const values = Float32Array.from({ length }, (_, i) => Math.sin(i * 7 + slot) * 10 ** (((i + slot) % 60) - 30));
      adder.view(slot, length).set(values);
      return values;
    });
    adder.add(0, 1, 2, length);
    expect(adder.view(2, length)).toEqual(a!.map((value, i) => Math.fround(value + b![i]!)));
    adder.add(2, 1, 2, length);
    expect(adder.view(2, length)).toEqual(a!.map((value, i) => Math.fround(Math.fround(value + b![i]!) + b![i]!)));
    expect(adder.view(0, length)).toEqual(a);
  });
});
