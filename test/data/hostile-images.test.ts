/**
 * Damaged and malicious pictures: 500 mutated JPEGs and 500 mutated PNGs, the same every time, through every decoder. Each
 * gives a picture of the size its header says or a DataError that names the file, soon, and without a large allocation.
 */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decoderNames, loadDecoder } from "../../src/data/codecs/decoder.js";
import { DataError } from "../../src/util/errors.js";
import { fixtureUrl, lcgBytes, readFixture } from "./fixtures.js";
import { crc32 } from "./png-file.js";

const mutants = 500;
const longestMs = 2000;
/** Far above what any mutant that could be decoded needs, far below what a false header asks for. */
const largestBytes = 512 * 2 ** 20;

/** Numbers below a bound, from the seeded stream of the fixtures. */
function chooser(seed: number): (bound: number) => number {
  const stream = lcgBytes(4096, seed);
  let at = 0;
  return (bound) => {
    let value = 0;
    for (let i = 0; i < 4; i++) value = value * 256 + stream[at++ % stream.length]!;
    return value % bound;
  };
}

type Mutation = (file: Uint8Array, choose: (bound: number) => number) => Uint8Array;

const spliced = (file: Uint8Array, start: number, end: number, put: Uint8Array): Uint8Array =>
  Uint8Array.from([...file.subarray(0, start), ...put, ...file.subarray(end)]);

/** Where segments begin: a JPEG's at FF and a marker, a PNG's at its chunks' lengths. */
function segments(file: Uint8Array): number[] {
  const starts: number[] = [];
  if (file[0] === 0xff) {
    for (let at = 2; at < file.length - 4; at++) if (file[at] === 0xff && file[at + 1]! >= 0xc0) starts.push(at);
    return starts;
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 8; at + 12 <= file.length; at += 12 + view.getUint32(at)) starts.push(at);
  return starts;
}

/** Where width and height stand: behind a JPEG's frame marker, in a PNG's IHDR. */
function sizeOffset(file: Uint8Array): { at: number; bytes: number } {
  if (file[0] !== 0xff) return { at: 16, bytes: 8 };
  const frame = file.findIndex((byte, i) => byte === 0xff && file[i + 1]! >= 0xc0 && file[i + 1]! <= 0xc2);
  return { at: frame + 5, bytes: 4 };
}

const mutations: Readonly<Record<string, Mutation>> = {
  "flipped bits": (file, choose) => {
    for (let i = 1 + choose(12); i > 0; i--) file[choose(file.length)]! ^= 1 << choose(8);
    return file;
  },
  "flipped bits before the image data": (file, choose) => {
    for (let i = 1 + choose(4); i > 0; i--) file[choose(Math.min(file.length, 200))]! ^= 1 << choose(8);
    return file;
  },
  "random bytes": (file, choose) => {
    const start = choose(file.length);
    const count = Math.min(file.length - start, 1 + choose(64));
    return spliced(file, start, start + count, lcgBytes(choose(128), choose(2 ** 31)));
  },
  "end cut off": (file, choose) => file.slice(0, choose(file.length)),
  "a segment removed": (file, choose) => {
    const starts = segments(file);
    const i = choose(starts.length);
    return spliced(file, starts[i]!, starts[i + 1] ?? file.length, new Uint8Array(0));
  },
  "a segment repeated elsewhere": (file, choose) => {
    const starts = segments(file);
    const i = choose(starts.length);
    const at = starts[choose(starts.length)]!;
    return spliced(file, at, at, file.slice(starts[i]!, starts[i + 1] ?? file.length));
  },
  "a segment of any length": (file, choose) => {
    const at = segments(file)[choose(segments(file).length)]! + (file[0] === 0xff ? 2 : 0);
    return spliced(file, at, at + 2, Uint8Array.of(choose(256), choose(256)));
  },
  "any size": (file, choose) => {
    const { at, bytes } = sizeOffset(file);
    const extremes = [0, 1, 0x7f, 0x80, 0xff];
    const size = Uint8Array.from({ length: bytes }, () => extremes[choose(extremes.length)]!);
    return spliced(file, at, at + bytes, size);
  },
  "a plausible larger size": (file, choose) => {
    const { at, bytes } = sizeOffset(file);
    const half = bytes / 2;
    const size = new Uint8Array(bytes);
    for (const end of [half, bytes]) size.set([choose(48), choose(256)], end - 2);
    return spliced(file, at, at + bytes, size);
  },
};

const repairCrc = (file: Uint8Array): Uint8Array => {
  // half of the PNG mutants get correct checksums again: a CRC check alone must not be what holds
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 8; at + 12 <= file.length; ) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > file.length) break;
    view.setUint32(end, crc32(file.subarray(at + 4, end)));
    at = end + 4;
  }
  return file;
};

const seeds = (extension: RegExp): string[] =>
  ["codecs", "images"].flatMap((folder) =>
    readdirSync(fixtureUrl(folder))
      .filter((file) => extension.test(file) && !file.includes(".expected.") && !/^(bad|odd|exif-bad)/.test(file))
      .map((file) => `${folder}/${file}`),
  );

function mutant(files: readonly string[], index: number): { name: string; bytes: Uint8Array } {
  const choose = chooser(1000 + index);
  const kinds = Object.keys(mutations);
  const kind = kinds[index % kinds.length]!;
  const file = files[choose(files.length)]!;
  const bytes = mutations[kind]!(Uint8Array.from(readFixture(file)), choose);
  const repaired = file.endsWith(".png") && index % 2 === 0 ? repairCrc(bytes) : bytes;
  return { name: `${file} #${index} (${kind})`, bytes: repaired };
}

describe.each([
  ["JPEG", seeds(/\.jpg$/), decoderNames],
  // one codec reads PNGs, whatever the decoder's name
  ["PNG", seeds(/\.png$/), decoderNames.slice(0, 1)],
] as const)("%s", (_, files, names) => {
  test.each(names)(`${mutants} mutants through %s`, async (name) => {
    const decoder = await loadDecoder(name);
    let decoded = 0;
    let slowestMs = 0;
    let largest = 0;
    for (let i = 0; i < mutants; i++) {
      const { name: path, bytes } = mutant(files, i);
      const before = process.memoryUsage();
      const start = performance.now();
      try {
        const { width, height, data } = await decoder.decode(bytes, path);
        expect(data.length, path).toBe(width * height * 3);
        decoded++;
      } catch (error) {
        expect(error, path).toBeInstanceOf(DataError);
        expect((error as DataError).summary, path).toContain(path);
      }
      slowestMs = Math.max(slowestMs, performance.now() - start);
      const after = process.memoryUsage();
      largest = Math.max(largest, after.arrayBuffers - before.arrayBuffers, after.heapUsed - before.heapUsed);
    }
    expect(slowestMs).toBeLessThan(longestMs);
    expect(largest).toBeLessThan(largestBytes);
    // the mutations must not all be fatal, nor all be harmless
    expect(decoded).toBeGreaterThan(mutants * 0.05);
    expect(decoded).toBeLessThan(mutants * 0.9);
  });
});
