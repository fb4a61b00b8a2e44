import { describe, expect, it } from "vitest";
import { lookAhead } from "../../src/util/look-ahead.js";

/** Work that ends when it is told to. */
function work() {
  const started: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const start = (index: number) =>
    new Promise<number>((resolve, reject) => {
      started.push(index);
      ends[index] = (error) => (error ? reject(error) : resolve(index));
    });
  return { started, ends, start };
}

describe("lookAhead", () => {
  it("gives results in order, whatever order they end in, and keeps as many in work as it may", async () => {
    const { started, ends, start } = work();
    const results = lookAhead(4, 2, start);
    const first = results.next();
    expect(started).toEqual([0, 1]);
    ends[1]!();
    ends[0]!();
    expect(await first).toEqual({ done: false, value: 0 });
    expect(started).toEqual([0, 1]);
    expect(await results.next()).toEqual({ done: false, value: 1 });
    expect(started).toEqual([0, 1, 2]);
    const third = results.next();
    expect(started).toEqual([0, 1, 2, 3]);
    ends[2]!();
    ends[3]!();
    expect([await third, await results.next(), await results.next()]).toEqual([
      { done: false, value: 2 },
      { done: false, value: 3 },
      { done: true, value: undefined },
    ]);
  });

  it("throws a rejection at its turn, and nothing of later ones", async () => {
    const { ends, start } = work();
    const results = lookAhead(3, 3, start);
    const first = results.next();
    ends[2]!(new Error("third"));
    ends[1]!(new Error("second"));
    ends[0]!();
    expect(await first).toEqual({ done: false, value: 0 });
    await expect(results.next()).rejects.toThrow("second");
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });
});
