/** The container: bytes by hand, every element type, round trips, and damaged or hostile files. */
import { describe, expect, it } from "vitest";
import { CheckpointError, type TypedArray } from "../../src/index.js";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../src/models/files/index.js";
import { Random } from "../../src/tensor/random.js";

/** A file with this header and data, whatever they claim. */
function fileOf(header: unknown, data: readonly number[] = []): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
}

const entries = (): Map<string, StoredTensor> =>
  new Map<string, StoredTensor>([
    ["b", { shape: [2], values: Float32Array.of(1.5, -2) }],
    ["10", { shape: [1, 3], values: Uint8Array.of(1, 2, 255) }],
    ["a", { shape: [], values: Int32Array.of(-7), code: "I64" }],
    ["2", { shape: [1], values: Float64Array.of(Math.PI) }],
    ["__proto__", { shape: [2], values: Int32Array.of(3, -4) }],
    ["empty", { shape: [0, 4], values: new Float32Array(0) }],
  ]);

describe("encodeSafetensors", () => {
  it("writes the header as the format says: length, JSON padded with spaces to 8, then the data", () => {
    const file = encodeSafetensors(new Map([["x", { shape: [1], values: Float32Array.of(1) }]]), { format: "pt" });
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const json = new TextDecoder().decode(file.subarray(8, 8 + length));
    expect(json.trimEnd()).toBe(
      '{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    );
    expect([...file.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  it("comes back with every value, type and piece of metadata", () => {
    const { entries: found, metadata } = decodeSafetensors(encodeSafetensors(entries(), { b: "2", a: "1" }));
    expect(metadata).toEqual({ a: "1", b: "2" });
    // wide elements first, otherwise in the order given
    expect([...found.keys()]).toEqual(["a", "2", "b", "__proto__", "empty", "10"]);
    for (const [name, { shape, values }] of entries()) {
      expect(found.get(name)!.shape).toEqual(shape);
      expect(found.get(name)!.values).toEqual(values);
    }
    expect(found.get("a")!.code).toBe("I64");
  });

  it("save, load, save gives the same bytes, also from an odd position in memory", () => {
    const first = encodeSafetensors(entries(), { z: "1", a: "2" });
    const shifted = new Uint8Array(first.length + 3);
    shifted.set(first, 3);
    const { entries: found, metadata } = decodeSafetensors(shifted.subarray(3));
    expect(encodeSafetensors(found, metadata)).toEqual(first);
  });

  it("refuses what it cannot write", () => {
    const one = (entry: StoredTensor, name = "x") => encodeSafetensors(new Map([[name, entry]]));
    expect(() => one({ shape: [3], values: Float32Array.of(1) })).toThrow(/x has 1 values, shape \[3\] expects 3/);
    expect(() => one({ shape: [1], values: Float32Array.of(1), code: "BF16" })).toThrow(/read only/);
    expect(() => one({ shape: [1], values: Float32Array.of(1) }, "__metadata__")).toThrow(/__metadata__/);
  });
});

describe("bool and int64", () => {
  it("come back as they went in, far integers as bigints", () => {
    const far = BigInt64Array.of(2n ** 40n, -1n);
    const file = encodeSafetensors(
      new Map<string, StoredTensor>([
        ["far", { shape: [2], values: far as unknown as TypedArray }],
        ["mask", { shape: [3], values: Uint8Array.of(1, 0, 1), code: "BOOL" }],
      ]),
    );
    const { entries } = decodeSafetensors(file);
    expect(entries.get("far")).toEqual({ code: "I64", shape: [2], values: far });
    expect(entries.get("mask")).toEqual({ code: "BOOL", shape: [3], values: Uint8Array.of(1, 0, 1) });
    expect(encodeSafetensors(entries)).toEqual(file);
  });
});

describe("decodeSafetensors", () => {
  it("widens half precision and narrows 64-bit integers", () => {
    const bytes = (...words: number[]) => words.flatMap((word) => [word & 0xff, word >> 8]);
    const half = bytes(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00, 0x3555);
    const brain = bytes(0x3f80, 0xc049);
    const { entries: found } = decodeSafetensors(
      fileOf(
        {
          h: { dtype: "F16", shape: [7], data_offsets: [0, 14] },
          b: { dtype: "BF16", shape: [2], data_offsets: [14, 18] },
          i: { dtype: "I64", shape: [2], data_offsets: [18, 34] },
        },
        [...half, ...brain, 5, 0, 0, 0, 0, 0, 0, 0, ...new Array<number>(8).fill(255)],
      ),
    );
    expect([...found.get("h")!.values]).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      -0,
      Number.POSITIVE_INFINITY,
      Math.fround((1 + 0x155 / 1024) / 4),
    ]);
    expect([...found.get("b")!.values]).toEqual([1, -3.140625]);
    expect([...found.get("i")!.values]).toEqual([5, -1]);
    expect(
      Number.isNaN(
        decodeSafetensors(fileOf({ h: { dtype: "F16", shape: [1], data_offsets: [0, 2] } }, [1, 0x7e])).entries.get(
          "h",
        )!.values[0],
      ),
    ).toBe(true);
  });

  const f32 = (offsets: readonly number[], shape: readonly number[] = [1]) => ({
    dtype: "F32",
    shape,
    data_offsets: offsets,
  });
  const four = [0, 0, 0, 0];
  const hostile: readonly (readonly [what: string, file: Uint8Array, message: RegExp])[] = [
    ["an empty file", new Uint8Array(0), /an empty file, expected weights/],
    [
      "a length beyond the file",
      Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 0),
      /its first bytes are ff ff ff ff ff ff ff 7f/,
    ],
    ["a truncated header", fileOf({ x: f32([0, 4]) }, four).subarray(0, 30), /header claims/],
    ["truncated data", fileOf({ x: f32([0, 4]) }, [0, 0]), /x: its data_offsets \[0, 4\] reach outside the 2 bytes/],
    ["bytes that are no JSON", fileOf("{nonsense"), /header is not JSON/],
    ["bytes that are no UTF-8", Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff), /header is not JSON/],
    ["a list for a header", fileOf("[]"), /not a JSON object/],
    ["a header entry that is a number", fileOf({ x: 3 }), /entry is not an object/],
    [
      "an unknown type",
      fileOf({ x: { dtype: "F8_E4M3", shape: [1], data_offsets: [0, 1] } }, [0]),
      /"F8_E4M3" is not known.*F64, F32/,
    ],
    [
      "a type from the prototype",
      fileOf({ x: { dtype: "toString", shape: [1], data_offsets: [0, 1] } }, [0]),
      /not known/,
    ],
    ["a negative size", fileOf({ x: f32([0, 4], [-1]) }, four), /shape is not a list/],
    ["a fractional size", fileOf({ x: f32([0, 4], [0.5]) }, four), /shape is not a list/],
    ["a size that would take the machine", fileOf({ x: f32([0, 4], [2 ** 40, 2 ** 40]) }, four), /data_offsets hold 4/],
    ["too many axes", fileOf({ x: f32([0, 4], new Array<number>(17).fill(1)) }, four), /shape is not a list/],
    ["offsets backwards", fileOf({ x: f32([4, 0]) }, four), /reach outside/],
    [
      "offsets that are text",
      fileOf({ x: { dtype: "F32", shape: [1], data_offsets: ["0", "4"] } }, four),
      /not two positions/,
    ],
    [
      "overlapping tensors",
      fileOf({ x: f32([0, 4]), y: f32([2, 6]) }, [...four, 0, 0]),
      /y starts at byte 2.*inside another/,
    ],
    ["a hole", fileOf({ x: f32([0, 4]), y: f32([8, 12]) }, [...four, ...four, ...four]), /y starts at byte 8.*hole/],
    ["bytes left over", fileOf({ x: f32([0, 4]) }, [...four, 1]), /take 4 bytes, the file has 5/],
    [
      "a name that stands twice",
      fileOf(`{"x":${JSON.stringify(f32([0, 4]))},"\\u0078":${JSON.stringify(f32([0, 4]))}}`, four),
      /"x" stands twice/,
    ],
    [
      "a field that stands twice",
      fileOf('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"shape":[1]}}', four),
      /"shape" stands twice/,
    ],
    ["metadata that is not text", fileOf({ __metadata__: { a: 1 } }), /__metadata__ is not a table of strings/],
  ];
  for (const [what, file, message] of hostile)
    it(`refuses ${what}, naming the file`, () => {
      let error: unknown;
      try {
        decodeSafetensors(file, "some/file.safetensors");
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).toContain("some/file.safetensors");
    });

  it("answers 500 mutated files with values or a CheckpointError, nothing else", () => {
    const random = new Random(11);
    const good = encodeSafetensors(entries(), { a: "1" });
    const below = (n: number) => Math.floor(random.uniform() * n);
    let refused = 0;
    for (let i = 0; i < 500; i++) {
      let file = good.slice();
      for (let j = 0; j <= below(4); j++) file[below(file.length)] = below(256);
      if (below(3) === 0) file = file.slice(0, below(file.length));
      try {
        decodeSafetensors(file, "mutated");
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
        expect(error.message).toContain("mutated");
        refused++;
      }
    }
    // changed numbers are values, a changed header is refused: both kinds are met
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(500);
  });
});
