/** Updates whose rates move on between replays: over the weight where lerp changes ends, and to and from a decay of 0. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { compile, setBackend, tensor } from "../../src/index.js";
import { update } from "../../src/ops/apply.js";
import { Scalar } from "../../src/ops/scalar.js";

let wasm: Backend;
beforeAll(async () => {
  wasm = await setBackend("wasm", { threads: 1 });
});
afterAll(async () => {
  await wasm.dispose?.();
});

const sizes = [1, 4, 21];
const filled = (size: number, value: number) => tensor(new Float32Array(size).fill(value));

describe("a replayed update", () => {
  for (const size of sizes) {
    it(`lerp of ${size} takes any weight`, () => {
      const weight = new Scalar(0.25);
      const [a, b] = [filled(size, 0), filled(size, 8)];
      const step = compile(() => {
        update("lerp", [a, b], { weight });
        return a.add(0);
      });
      for (const [next, expected] of [
        [0.25, 2],
        [0.25, 3.5],
        [0.5, 5.75],
        [0.75, 7.4375],
        [0, 7.4375],
        [1, 8],
      ] as const) {
        weight.value = next;
        expect([...step().dataSync()]).toEqual(new Array<number>(size).fill(expected));
      }
      // from any start, NaN apart, a weight of 1 arrives
      a.write(new Float32Array(size).fill(Number.POSITIVE_INFINITY));
      weight.value = 0.5;
      expect([...step().dataSync()]).toEqual(new Array<number>(size).fill(Number.POSITIVE_INFINITY));
    });

    it(`sgd of ${size} leaves an infinite weight infinite while the decay is 0`, () => {
      const weightDecay = new Scalar(0);
      const [p, v, g] = [filled(size, Number.POSITIVE_INFINITY), filled(size, 0), filled(size, 1)];
      const rates = { lr: 0.5, momentum: 0.5, dampening: 0, nesterov: false, isFirst: false, maximize: false };
      const step = compile(() => {
        update("sgd", [p, v, g], { ...rates, weightDecay });
        return v.add(0);
      });
      for (const velocity of [1, 1.5, 1.75])
        expect([...step().dataSync()]).toEqual(new Array<number>(size).fill(velocity));
      expect([...p.dataSync()]).toEqual(new Array<number>(size).fill(Number.POSITIVE_INFINITY));
      p.write(new Float32Array(size).fill(2));
      weightDecay.value = 0.25;
      // 0.5 · 1.75 + 1 + 0.25 · 2
      expect([...step().dataSync()]).toEqual(new Array<number>(size).fill(2.375));
      weightDecay.value = 0;
      expect([...step().dataSync()]).toEqual(new Array<number>(size).fill(2.1875));
    });
  }
});
