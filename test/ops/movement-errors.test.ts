/** What functions that move numbers refuse, in which words; and what they do where shapes depend on values. */
import { beforeAll, describe, expect, it } from "vitest";
import * as T from "../../src/index.js";

beforeAll(async () => {
  await T.setBackend("reference");
});

const counted = (...shape: number[]): T.Tensor => T.arange(shape.reduce((size, dim) => size * dim, 1)).reshape(shape);
const indices = (shape: readonly number[], ...values: number[]): T.Tensor => T.tensor(Int32Array.from(values), shape);

/** By what is said of it. */
const refused: Readonly<Record<string, () => unknown>> = {
  "takeAlongAxis: index 4 at position 1, expected 0 to 3": () => counted(3, 4).gather(1, indices([1, 2], 0, 4)),
  "takeAlongAxis: index -1 at position 0": () => T.takeAlongAxis(counted(4), indices([1], -1), 0),
  "takeAlongAxisGrad: index 3 at position 2": () => T.scatterAdd(counted(3), 0, indices([3], 0, 1, 3), 1),
  "scatter: index 3 at position 0, expected 0 to 2": () => T.scatter(counted(3), 0, indices([1], 3), 1),
  "gather: index 9 at position 1": () => T.indexSelect(counted(2, 3), 1, [0, 9]),
  "gather: index [3, 3] for [2, 3], expected as many axes, none longer but axis 1": () =>
    counted(2, 3).gather(1, indices([3, 3], 0, 0, 0, 0, 0, 0, 0, 0, 0)),
  "gather: axis 2 is outside a tensor of rank 2": () => counted(2, 3).gather(2, indices([1, 1], 0)),
  "indices are float32, expected int32": () => T.gather(counted(2, 3), 1, T.zeros([2, 1])),
  "indexSelect: index 0.5, expected an integer": () => T.indexSelect(counted(3), 0, [0.5]),
  "scatter: src is float32, expected int32 as x": () => T.scatter(counted(3), 0, indices([1], 0), T.zeros([1])),
  "scatter: src [1] for indices [2]": () => T.scatter(counted(3), 0, indices([2], 0, 1), indices([1], 0)),
  "scatter: 0.5 is no int32": () => T.scatter(counted(3), 0, indices([1], 0), 0.5),
  "maskedFill: 0.5 is no int32": () => T.maskedFill(counted(2), T.ones([2]), 0.5),
  "maskedFill: a mask [3, 2] does not broadcast to [2]": () => T.maskedFill(counted(2), T.ones([3, 2]), 1),
  "at: index 3 of axis 0, [3, 2] has 3 there": () => T.at(counted(3, 2), "3"),
  "at: index -3 of axis 1": () => T.at(counted(3, 2), 0, -3),
  "at: 3 axes are named, [3, 2] has 2": () => T.at(counted(3, 2), "0, 0, 0"),
  'at: "1;2", expected': () => T.at(counted(3, 2), "1;2"),
  'at: "1:2:3:4", expected begin:end:step': () => T.at(counted(3, 2), "1:2:3:4"),
  "at: a step of 0": () => T.at(counted(3, 2), "::0"),
  'at: "..." twice': () => T.at(counted(3, 2), "..., ..."),
  "select: index 2 of axis 1": () => T.select(counted(3, 2), 1, 2),
  "narrow: 2 from 2 of axis 0, [3] has 3 there": () => T.narrow(counted(3), 0, 2, 2),
  "slice: begin is of type number": () => T.slice(counted(3), 1 as unknown as number[]),
  "split: sizes [1, 1] add up to 2, axis 0 of [3] has 3": () => T.split(counted(3), [1, 1]),
  "chunk: 0 chunks": () => T.chunk(counted(3), 0),
  "transpose: perm is of type number": () => T.transpose(counted(2, 3), 0 as unknown as number[]),
  "moveAxis: axes [0, 0] to [0, 1]": () => T.moveAxis(counted(2, 3), [0, 0], [0, 1]),
  "unflatten: axis 0 of [6] has 6, [4, -1] do not make it": () => T.unflatten(counted(6), 0, [4, -1]),
  "flatten: axes 1 to 0": () => T.flatten(counted(2, 3), 1, 0),
  "repeat: 1 numbers for [2, 3]": () => T.repeat(counted(2, 3), [2]),
  "repeatInterleave: 2 repeats, axis 0 of [3] has 3": () => T.repeatInterleave(counted(3), [1, 2], 0),
  "roll: 2 shifts for 1 axes": () => T.roll(counted(3), [1, 2], [0]),
  "pad: [3, 0] of axis 0 in mode reflect, [3] allows at most 2 there": () =>
    T.pad(counted(3), [[3, 0]], { mode: "reflect" }),
  "pad: [0, 4] of axis 0 in mode circular": () => T.pad(counted(3), [[0, 4]], { mode: "circular" }),
  "pad: mode edge, expected constant, reflect, replicate, circular": () =>
    T.pad(counted(3), [[1, 1]], { mode: "edge" as T.PadMode }),
  "pad: widths [1,1] for [3]": () => T.pad(counted(3), [1, 1] as never),
  "pad: [-2, -2] of axis 0 crops more than the 3": () => T.pad(counted(3), [[-2, -2]]),
  "tril: [3], expected matrices": () => T.tril(counted(3)),
  "diagonal: axis 0 twice": () => T.diagonal(counted(2, 2), 0, 0, -2),
  'einsum: "ij,jk->ik" has 2 terms for 1 operands': () => T.einsum("ij,jk->ik", counted(2, 3)),
  'einsum: axis j of "ij,jk->ik" has 3 and 2': () => T.einsum("ij,jk->ik", counted(2, 3), counted(2, 3)),
  'einsum: "ij" of "ij->j" names 2 axes, the operand is [3]': () => T.einsum("ij->j", counted(3)),
  'einsum: k in the result of "ij->k"': () => T.einsum("ij->k", counted(2, 3)),
  'einsum: "i&" of "i&->i"': () => T.einsum("i&->i", counted(2, 3)),
  "dot: [2] and [3], expected one size": () => T.dot(counted(2), counted(3)),
  "outer: [2, 2] and [2], expected vectors": () => T.outer(counted(2, 2), counted(2)),
  "arange: from 0 to 3 by -1": () => T.arange(0, 3, -1),
  "arange: from 0 to 3 by 0": () => T.arange(0, 3, 0),
  "arange: 300 is no uint8": () => T.arange(0, 301, 300, { dtype: "uint8" }),
  "linspace: dimension 0 of [-1]": () => T.linspace(0, 1, -1),
};

describe("refused", () => {
  for (const [words, call] of Object.entries(refused))
    it(words, () => {
      expect(call).toThrow(words);
      expect(call).toThrow(T.TensoroneError);
    });
});

describe("shapes that depend on values", () => {
  it("are found inside compile() from what was given, and refused from what is computed", () => {
    const x = T.tensor([0, 1, 2]);
    const ofGiven = T.compile((y: T.Tensor) => T.maskedSelect(T.mul(y, 2), y));
    expect(ofGiven(x).toArray()).toEqual([2, 4]);
    const ofComputed = T.compile((y: T.Tensor) => T.nonzero(T.mul(y, 2)));
    expect(() => ofComputed(x)).toThrow(T.CompileError);
    expect(() => T.compile((y: T.Tensor) => T.maskedSelect(y, T.greater(y, 0)))(x)).toThrow("reads the values");
  });

  it("count scalars and nothing as PyTorch does", () => {
    expect(T.nonzero(T.tensor(3)).shape).toEqual([1, 0]);
    expect(T.nonzero(T.tensor(0)).shape).toEqual([0, 0]);
    expect(T.nonzero(T.zeros([0, 2])).shape).toEqual([0, 2]);
    expect(T.maskedSelect(T.ones([2]), T.zeros([2])).shape).toEqual([0]);
  });
});

describe("dtypes and handles", () => {
  it("are methods with the types of their functions", () => {
    const x = counted(2, 3);
    const pieces: readonly T.Tensor[] = x.at("1, ::-1").split(2);
    expect(pieces.map((y) => y.toArray())).toEqual([[5, 4], [3]]);
    expect(x.gather(1, indices([2, 1], 2, 0)).toArray()).toEqual([[2], [3]]);
    expect(x.gather(indices([1], 1)).toArray()).toEqual([[3, 4, 5]]);
  });

  it("bool stays bool", () => {
    const flags = T.tensor(Uint8Array.of(1, 0, 1, 1), [2, 2], { dtype: "bool" });
    for (const y of [
      T.tril(flags),
      T.flip(flags),
      T.roll(flags, 1),
      T.maskedFill(flags, flags, false),
      T.diag(T.diagonal(flags)),
    ])
      expect(y.dtype).toBe("bool");
    expect(T.tril(flags).cast("int32").toArray()).toEqual([
      [1, 0],
      [1, 1],
    ]);
    expect(() => T.scatterAdd(flags, 0, indices([1, 2], 0, 0), flags)).toThrow("expected numbers");
  });

  it("a result is a handle of its own, also where there was nothing to do", () => {
    const x = T.tensor([[1, 2]]);
    const same = [
      T.roll(x, 0, 0),
      T.pad(
        x,
        [
          [0, 0],
          [0, 0],
        ],
        { mode: "reflect" },
      ),
      T.at(x, "..."),
      T.flip(x, []),
      T.tile(x, 1),
      T.squeeze(x, 1),
      T.gather(x, 0, indices([1, 2], 0, 0)),
    ];
    for (const y of same) y.dispose();
    expect(x.toArray()).toEqual([[1, 2]]);
  });

  it("likes take shape and dtype, and options another", () => {
    const x = counted(2, 3);
    expect([T.zerosLike(x).dtype, T.onesLike(x, { dtype: "float64" }).dtype, T.fullLike(x, 7).shape]).toEqual([
      "int32",
      "float64",
      [2, 3],
    ]);
    expect(T.randLike(T.zeros([2])).shape).toEqual([2]);
    expect(() => T.randLike(x)).toThrow(T.DTypeError);
  });
});
