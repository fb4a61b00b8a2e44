/** Axes and positions of public functions: negative ones count from the end, what is outside is refused by name. */
import { beforeAll, describe, expect, it } from "vitest";
import * as T from "../../src/index.js";

beforeAll(async () => {
  await T.setBackend("reference");
});

const counted = (...shape: number[]): T.Tensor => T.arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);

describe("stack", () => {
  it("puts a new axis anywhere, counted from either end of the result", () => {
    const [a, b] = [
      T.tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      T.tensor([
        [7, 8, 9],
        [10, 11, 12],
      ]),
    ];
    const last = [
      [
        [1, 7],
        [2, 8],
        [3, 9],
      ],
      [
        [4, 10],
        [5, 11],
        [6, 12],
      ],
    ];
    expect(T.stack([a, b], -1).toArray()).toEqual(last);
    expect(T.stack([a, b], 2).toArray()).toEqual(last);
    expect(T.stack([a, b], -2).shape).toEqual([2, 2, 3]);
    expect(T.stack([a, b], 1).toArray()).toEqual(T.stack([a, b], -2).toArray());
    expect(T.stack([a, b], -3).toArray()).toEqual(T.stack([a, b]).toArray());
    expect(T.stack([T.tensor(1), T.tensor(2)], -1).toArray()).toEqual([1, 2]);
    expect(T.stack([T.zeros([0, 2])], -1).shape).toEqual([0, 2, 1]);
  });

  it("refuses axes outside, shapes that differ, and nothing", () => {
    const a = T.zeros([2, 3]);
    for (const axis of [3, -4, 0.5, Number.NaN]) expect(() => T.stack([a, a], axis)).toThrow(/stack: axis/);
    expect(() => T.stack([a, T.zeros([3, 2])])).toThrow("stack: [2, 3] and [3, 2]");
    // a reshape would hide this one
    expect(() => T.stack([a, T.zeros([6])])).toThrow("stack: [2, 3] and [6]");
    expect(() => T.stack([])).toThrow("stack: no tensors");
  });

  it("has a gradient for each tensor", () => {
    const [a, b] = [T.ones([2], { requiresGrad: true }), T.ones([2], { requiresGrad: true })];
    T.stack([a, b], -1)
      .mul(
        T.tensor([
          [1, 2],
          [3, 4],
        ]),
      )
      .sum()
      .backward();
    expect(a.grad!.toArray()).toEqual([1, 3]);
    expect(b.grad!.toArray()).toEqual([2, 4]);
  });
});

describe("concat", () => {
  it("takes negative axes and empty tensors", () => {
    expect(T.concat([counted(2, 1), counted(2, 2)], -1).toArray()).toEqual([
      [0, 0, 1],
      [1, 2, 3],
    ]);
    expect(T.concat([T.zeros([2, 0]), T.ones([2, 1])], 1).toArray()).toEqual([[1], [1]]);
    for (const axis of [2, -3, 1.5]) expect(() => T.concat([counted(2, 1)], axis)).toThrow(/concat: axis/);
    expect(() => T.concat([counted(2), counted(2, 1)])).toThrow(T.ShapeError);
    expect(() => T.concat([T.tensor(1), T.tensor(2)])).toThrow("a scalar has no axes");
  });
});

describe("reductions and permutations", () => {
  it("take negative axes", () => {
    const x = counted(2, 3).cast("float32");
    expect(T.sum(x, -2).toArray()).toEqual([3, 5, 7]);
    expect(T.max(x, [-1, 0]).item()).toBe(5);
    expect(T.argmax(x, -2).toArray()).toEqual([1, 1, 1]);
    expect(T.transpose(x, [-1, 0]).shape).toEqual([3, 2]);
    for (const reduce of [T.sum, T.mean, T.max, T.min, T.argmax, T.softmax, T.logSoftmax])
      for (const axis of [2, -3, 0.5]) expect(() => reduce(x, axis)).toThrow(T.ShapeError);
    for (const perm of [[0, 0], [0], [0, 2], [0, -3]]) expect(() => T.transpose(x, perm)).toThrow(T.ShapeError);
    expect(() => T.sum(x, [0, -2])).toThrow("name one axis twice");
  });
});

describe("slice and pad", () => {
  it("refuse what reaches outside, names too many axes, or is no integer", () => {
    const x = counted(3, 2);
    const outside: readonly (readonly [number[], number[]])[] = [
      [[-4], []],
      [[4], []],
      [[0], [4]],
      [[1], [3]],
      [[0], [-2]],
      [[0.5], [1]],
      [[0], [1.5]],
      [[0, 0, 0], []],
      [[0], [1, 1, 1]],
      [[Number.NaN], [1]],
    ];
    for (const [begin, size] of outside)
      expect(() => T.slice(x, begin, size), `${begin} ${size}`).toThrow(T.ShapeError);
    expect(T.slice(x, [3]).shape).toEqual([0, 2]);
    expect(T.slice(x, [1, 1], [-1, 1]).toArray()).toEqual([[3], [5]]);
    for (const widths of [
      [[1, 1]],
      [
        [-2, -2],
        [0, 0],
      ],
      [
        [0.5, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    ] as const)
      expect(() => T.pad(x, widths)).toThrow(T.ShapeError);
    expect(() => T.broadcastTo(x, [-1, 3, 2])).toThrow(T.ShapeError);
    expect(() => T.oneHot(counted(2), -1)).toThrow(T.ShapeError);
    expect(() => T.oneHot(counted(2), 2.5)).toThrow(T.ShapeError);
  });
});

describe("reshape", () => {
  it("works out a -1 among sizes of 0 only where one number fits", () => {
    expect(T.zeros([0, 3]).reshape([-1, 3]).shape).toEqual([0, 3]);
    expect(T.zeros([0, 4]).reshape([2, -1]).shape).toEqual([2, 0]);
    expect(T.zeros([0]).reshape([-1]).shape).toEqual([0]);
    for (const shape of [[0, -1], [-1, 0], [-1, -1], [0.5, -1], [-2]])
      expect(() => T.zeros([0, 3]).reshape(shape), `${shape}`).toThrow(T.ShapeError);
  });
});

describe("nothing to reduce", () => {
  it("sums to 0, has a mean of NaN, and no extreme", () => {
    const x = T.zeros([0, 2]);
    expect(T.sum(x, 0).toArray()).toEqual([0, 0]);
    expect(T.mean(x, 0).toArray()).toEqual([Number.NaN, Number.NaN]);
    expect(T.mean(x, 1).shape).toEqual([0]);
    for (const extreme of [T.max, T.min, T.argmax]) {
      expect(() => extreme(x, 0)).toThrow("has no largest or smallest value along an axis of size 0");
      expect(extreme(x, 1).shape).toEqual([0]);
    }
    expect(T.softmax(x, 0).shape).toEqual([0, 2]);
    expect(() => T.batchNorm(x, T.ones([2]), T.zeros([2]))).toThrow("training needs more than one");
    expect(() => T.patchMoments(T.zeros([0, 3, 3, 1]), 3)).toThrow("no patches");
    expect(() => T.maxPool2d(T.zeros([1, 0, 3, 1]), 2, { padding: 1 })).toThrow(T.ShapeError);
  });
});
