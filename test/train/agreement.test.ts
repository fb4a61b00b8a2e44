/** What ranks tell each other: rows, bytes, and who of them is different. */
import { describe, expect, it } from "vitest";
import { setBackend, tensor } from "../../src/index.js";
import {
  broadcastJson,
  expectSameFingerprint,
  expectSameRun,
  fingerprint,
  gather,
} from "../../src/train/replicas/agreement.js";
import { memoryGroups } from "./memory-group.js";

/** What each rank's call came to: its value, or the message of its error. */
async function onAll<T>(worldSize: number, body: (group: ReturnType<typeof memoryGroups>[number]) => Promise<T>) {
  const settled = await Promise.allSettled(memoryGroups(worldSize).map(body));
  return settled.map((one) => (one.status === "fulfilled" ? one.value : (one.reason as Error).message.split("\n")[0]));
}

describe("ranks", () => {
  it("see every rank's row, also where a number is none", async () => {
    const rows = [
      [0, 0.1],
      [1, Number.NaN],
      [2, -0.3],
    ];
    expect(await onAll(3, (group) => gather(group, rows[group.rank]!))).toEqual([rows, rows, rows]);
  });

  it("get the value of one of them", async () => {
    expect(await onAll(3, (group) => broadcastJson(group, { rank: group.rank, text: "ü" }, 1))).toEqual(
      new Array(3).fill({ rank: 1, text: "ü" }),
    );
  });

  it("name the one that was started otherwise, and in what", async () => {
    const own = (rank: number) => ({ recipe: { lr: rank === 1 ? 0.2 : 0.1, epochs: 3 }, absent: undefined });
    expect(await onAll(3, (group) => expectSameRun(group, own(group.rank)))).toEqual(
      new Array(3).fill("train: rank 1 was started otherwise than rank 0: recipe.lr was 0.1, is 0.2"),
    );
    expect(await onAll(3, (group) => expectSameRun(group, own(0)))).toEqual([undefined, undefined, undefined]);
  });

  it("name those whose weights have gone astray, rank 0 as well", async () => {
    const check = (...prints: number[]) =>
      onAll(prints.length, (group) => expectSameFingerprint(group, prints[group.rank]!, "weights after step 7"));
    expect(await check(5, 5, 6)).toEqual(
      new Array(3).fill("train: rank 2 and the others hold different weights after step 7"),
    );
    expect((await check(6, 5, 5))[0]).toMatch(/^train: rank 0 and the others/);
    expect((await check(5, 6))[1]).toMatch(/^train: rank 1 and the others/);
    expect(await check(5, 5, 5)).toEqual([undefined, undefined, undefined]);
  });

  it("take fingerprints that one changed bit changes", async () => {
    await setBackend("wasm", { threads: 1 });
    const values = Float32Array.from({ length: 1000 }, (_, i) => i / 7);
    const x = tensor(values);
    const before = await fingerprint([x]);
    expect(await fingerprint([tensor(values)])).toBe(before);
    values[500] = values[500]! * (1 + 2 ** -23);
    expect(await fingerprint([tensor(values)])).not.toBe(before);
  });
});
