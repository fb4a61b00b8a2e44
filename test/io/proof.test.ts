/** Files that prove themselves: every flipped bit is refused by name, and other programs read and write the files as before. */
import { describe, expect, it } from "vitest";
import { CheckpointError } from "../../src/index.js";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../src/models/files/index.js";
import { sha256InTab } from "../../src/util/sha256.js";

const entries = (): Map<string, StoredTensor> =>
  new Map<string, StoredTensor>([
    ["stage1.weight", { shape: [2, 2], values: Float32Array.of(1, -2, 3, 4e-9) }],
    ["stage1.steps", { shape: [], values: Int32Array.of(7), code: "I64" }],
    ["head.bias", { shape: [3], values: Float32Array.of(0, 0, 0) }],
    ["none", { shape: [0], values: new Float32Array(0) }],
  ]);
const metadata = { producer: "tensorone", classes: '["a","b"]' };
const file = (): Uint8Array => encodeSafetensors(entries(), metadata, { hashes: true });

interface Header {
  readonly __metadata__: Record<string, string>;
  readonly [name: string]: unknown;
}
const headerBytes = (bytes: Uint8Array): number => Number(new DataView(bytes.buffer).getBigUint64(0, true));
const headerOf = (bytes: Uint8Array): Header =>
  JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes(bytes)))) as Header;

function withHeader(bytes: Uint8Array, header: object): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const data = bytes.subarray(8 + headerBytes(bytes));
  const made = new Uint8Array(8 + json.length + data.length);
  new DataView(made.buffer).setBigUint64(0, BigInt(json.length), true);
  made.set(json, 8);
  made.set(data, 8 + json.length);
  return made;
}

const messageOf = (bytes: Uint8Array): string => {
  try {
    decodeSafetensors(bytes, "m.safetensors");
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return (error as CheckpointError).summary;
  }
  return "";
};

describe("hashes of a file", () => {
  it("leave entries and metadata as they are", () => {
    const found = decodeSafetensors(file());
    expect(found.isProven).toBe(true);
    expect(found.metadata).toEqual(metadata);
    expect(found.entries.get("stage1.weight")!.values).toEqual(entries().get("stage1.weight")!.values);
    expect(encodeSafetensors(found.entries, found.metadata, { hashes: true })).toEqual(file());
    expect(decodeSafetensors(encodeSafetensors(entries(), metadata)).isProven).toBe(false);
  });

  it("are texts of __metadata__ alone: what the format allows, and SHA-256 as anybody computes it", () => {
    const { __metadata__: texts, ...rows } = headerOf(file());
    expect(Object.values(texts).every((value) => typeof value === "string")).toBe(true);
    expect(Object.keys(rows).sort()).toEqual([...entries().keys()].sort());
    const bias = new TextEncoder().encode('["head.bias","F32",[3]]\n');
    expect(texts["tensorone.entrySha256"]!.slice(0, 64)).toBe(sha256InTab(bias, new Uint8Array(12)));
  });

  it("notice every single flipped bit, and name the file; of a tensor the entry", () => {
    const sound = file();
    const dataStart = 8 + headerBytes(sound);
    const rows = headerOf(sound);
    const flipped = sound.slice();
    for (let bit = 0; bit < 8 * sound.length; bit++) {
      const at = bit >> 3;
      flipped[at]! ^= 1 << (bit & 7);
      const message = messageOf(flipped);
      expect(message, `bit ${bit & 7} of byte ${at}`).toContain("m.safetensors");
      const place = at - dataStart;
      if (place >= 0) {
        const [name] = Object.entries(rows).find(([, row]) => {
          const [begin, end] = (row as { data_offsets?: [number, number] }).data_offsets ?? [0, 0];
          return place >= begin && place < end;
        })!;
        expect(message).toBe(`m.safetensors: entry ${name} does not match its hash`);
      }
      flipped[at] = sound[at]!;
    }
  });

  it("stay sound where another program writes the same content in another order", () => {
    const { __metadata__: texts, ...rows } = headerOf(file());
    const turned = Object.fromEntries([...Object.entries(rows).reverse(), ["__metadata__", texts]]);
    expect(decodeSafetensors(withHeader(file(), turned)).isProven).toBe(true);
  });

  it("name what was changed, left out or taken away", () => {
    const header = headerOf(file());
    const { "tensorone.sha256": _, ...torn } = header.__metadata__;
    expect(messageOf(withHeader(file(), { ...header, __metadata__: torn }))).toMatch(/has one of .*, expected both/);
    const renamed = { ...header.__metadata__, classes: '["b","a"]' };
    expect(messageOf(withHeader(file(), { ...header, __metadata__: renamed }))).toMatch(/metadata .* does not match/);
    const { none: __, ...fewer } = header;
    expect(messageOf(withHeader(file(), fewer))).toMatch(/has 3 entries and hashes of 4/);
  });
});
