import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/tensor/random.js";
import { sha256, sha256InTab } from "../../src/util/sha256.js";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

describe("sha256", () => {
  it("gives the digests of FIPS 180-4's examples, with Node and without", () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect([sha256(text("abc")), sha256InTab(text("a"), text("bc"))]).toEqual([abc, abc]);
    const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    expect([sha256(), sha256InTab()]).toEqual([nothing, nothing]);
  });

  it("agrees with Node's for every length about a block, in pieces of any size", () => {
    const random = new Random(3);
    for (let length = 0; length < 300; length++) {
      const bytes = Uint8Array.from({ length }, () => Math.floor(random.uniform() * 256));
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < length; ) {
        const end = Math.min(length, at + 1 + Math.floor(random.uniform() * 150));
        pieces.push(bytes.subarray(at, end));
        at = end;
      }
      expect(sha256InTab(...pieces)).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
  });
});
