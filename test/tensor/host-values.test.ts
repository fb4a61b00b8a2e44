/** Values from the host: which dtype each kind of array becomes, and what is refused instead of being cut. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  arange,
  DTypeError,
  full,
  type HostArray,
  type NestedArray,
  ShapeError,
  setBackend,
  tensor,
  zeros,
} from "../../src/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

describe("typed arrays", () => {
  it("become the smallest dtype that holds all their values", () => {
    const kinds: readonly (readonly [HostArray, string])[] = [
      [Float64Array.of(0.1, -1e300), "float64"],
      [Float32Array.of(0.5, -1), "float32"],
      [Int32Array.of(-(2 ** 31), 2 ** 31 - 1), "int32"],
      [Int16Array.of(-32768, 32767), "int32"],
      [Uint16Array.of(0, 65535), "int32"],
      [Int8Array.of(-128, 127), "int32"],
      [Uint8Array.of(0, 255), "uint8"],
      [Uint8ClampedArray.of(0, 255), "uint8"],
      [Buffer.from([0, 255]), "uint8"],
    ];
    for (const [values, dtype] of kinds) {
      const x = tensor(values);
      expect(x.dtype, values.constructor.name).toBe(dtype);
      expect([...x.dataSync()], values.constructor.name).toEqual([...values]);
    }
  });

  it("are refused where no dtype holds all their values, unless one is named that holds these", () => {
    for (const values of [
      Uint32Array.of(7, 2 ** 32 - 1),
      BigInt64Array.of(7n, -(2n ** 40n)),
      BigUint64Array.of(7n, 2n ** 40n),
    ]) {
      if (values instanceof BigUint64Array)
        expect(() => tensor(values)).toThrow("no dtype holds all values of a BigUint64Array");
      else expect(tensor(values).dtype).toBe("int64");
      expect(() => tensor(values, [2], { dtype: "int32" })).toThrow(/tensor: value 1: .* is no int32/);
      expect([...tensor(values, [2], { dtype: "float64" }).dataSync()]).toEqual([...values].map(Number));
      expect([...tensor(values.subarray(0, 1), [1], { dtype: "int32" }).dataSync()]).toEqual([7]);
    }
    expect(() => tensor(BigUint64Array.of(0n, 2n ** 63n), [2], { dtype: "int64" })).toThrow(
      "tensor: value 1: 9223372036854775808 is no int64",
    );
    expect(() => tensor(new DataView(new ArrayBuffer(8)) as unknown as HostArray)).toThrow(DTypeError);
  });

  it("are written into any dtype that holds their values", () => {
    const x = zeros([2], { dtype: "int32" });
    expect([...x.write(Uint16Array.of(1, 65535)).dataSync()]).toEqual([1, 65535]);
    expect([...x.write(Float32Array.of(1.9, -1.9)).dataSync()]).toEqual([1, -1]);
    expect(() => x.write(Float32Array.of(0, Number.NaN))).toThrow("write: value 1: NaN is no int32");
    expect(() => x.write(Float64Array.of(3e9, 0))).toThrow("write: value 0: 3000000000 is no int32");
    expect([...x.dataSync()]).toEqual([1, -1]);
    const bytes = zeros([1], { dtype: "uint8" });
    expect(() => bytes.write(Int32Array.of(-1))).toThrow("-1 is no uint8, expected an integer from 0 to 255");
    expect([...bytes.write(Uint8ClampedArray.of(255)).dataSync()]).toEqual([255]);
    expect([...zeros([1]).write(BigInt64Array.of(-3n)).dataSync()]).toEqual([-3]);
  });
});

describe("nested arrays", () => {
  it("hold numbers and booleans, in equal lengths", () => {
    expect(tensor([[true, false]]).toArray()).toEqual([[true, false]]);
    expect(tensor([[true, 0]]).toArray()).toEqual([[1, 0]]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    for (const ragged of [
      [1, [2]],
      [[1], 2],
      [[], [1]],
      [[1], []],
      [[], 3],
      [[[1]], [1]],
    ])
      expect(() => tensor(ragged), JSON.stringify(ragged)).toThrow(/ragged/);
    const strange: readonly unknown[] = [
      "1",
      null,
      undefined,
      {},
      Symbol("1"),
      [1, "2"],
      [Float32Array.of(1)],
      new ArrayBuffer(4),
    ];
    for (const values of strange)
      expect(() => tensor(values as NestedArray)).toThrow(/tensor: value \d is .*, expected a number/);
  });

  it("are cut towards zero for integers, and refused where these do not hold them", () => {
    expect(tensor([1.7, -1.7], [2], { dtype: "int32" }).toArray()).toEqual([1, -1]);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -(2 ** 31) - 1])
      expect(() => tensor([value], [1], { dtype: "int32" })).toThrow(DTypeError);
    for (const value of [-1, 256]) expect(() => full([1], value, { dtype: "uint8" })).toThrow(DTypeError);
    expect(() => arange(257, { dtype: "uint8" })).toThrow("arange: 256 is no uint8");
    expect(arange(256, { dtype: "uint8" }).size).toBe(256);
  });
});

describe("shapes", () => {
  it("are lists, and options come after them", () => {
    expect(() => tensor([1, 2], { requiresGrad: true } as unknown as number[])).toThrow(/the shape is of type object/);
    expect(() => zeros(3 as unknown as number[])).toThrow(/the shape is of type number.*\n.*\[3\]/);
    expect(() => tensor([1, 2], [-2])).toThrow(ShapeError);
    expect(() => tensor([1, 2]).reshape(2 as unknown as number[])).toThrow(ShapeError);
    expect(() => arange(-1)).toThrow(ShapeError);
    expect(() => arange(1.5)).toThrow(ShapeError);
  });
});
