/**
 * Damaged and hostile weights: 500 mutations of .pth files and 500 of safetensors, each of which loads into a model or says
 * what is wrong with which file, soon, and without asking for more memory than such a file can stand for.
 */
import { beforeAll, expect, it } from "vitest";
import { setBackend, TensoroneError } from "../../src/index.js";
import { ZipReader } from "../../src/io/torch-checkpoint/zip-reader.js";
import { writeZip } from "../../src/io/torch-checkpoint/zip-writer.js";
import { decodeWeights, encodeWeights, loadFileEntries } from "../../src/models/files/index.js";
import { Random } from "../../src/tensor/random.js";
import { fixture, tinyModel } from "./fixtures.js";

const MUTATIONS = 500;
const LONGEST_MS = 2000;
/** What one attempt may hold on to in buffers; the files have at most 200 KB. */
const LARGEST_BYTES = 64 << 20;

beforeAll(async () => {
  await setBackend("reference");
});

/** Some bytes overwritten, perhaps a piece cut out, doubled, or the end missing. */
function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const below = (n: number): number => Math.floor(random.uniform() * n);
  let file = bytes.slice();
  for (let i = below(6); i >= 0; i--) {
    const at = below(file.length);
    // extreme bytes make extreme lengths
    file[at] = below(2) === 0 ? below(256) : [0, 1, 0x7f, 0x80, 0xff][below(5)]!;
  }
  const [from, length] = [below(file.length), below(64)];
  const kind = below(6);
  if (kind === 0) file = file.slice(0, from);
  if (kind === 1) file = Uint8Array.from([...file.subarray(0, from), ...file.subarray(from + length)]);
  if (kind === 2) file.copyWithin(below(file.length), from, from + length);
  return file;
}

/** Only the header or pickle is damaged, and the checksum around it is right: what an attacker would do. */
function mutateWithin(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes[0] !== 0x50) {
    const header = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    const isText = bytes[0] !== 0x80;
    const part = isText ? header : 3000;
    const damaged = mutate(bytes.slice(isText ? 8 : 0, part), random);
    const file = new Uint8Array(bytes.length);
    file.set(bytes);
    file.set(damaged.subarray(0, part), isText ? 8 : 0);
    return file;
  }
  const zip = new ZipReader(bytes, "source");
  return writeZip(
    zip.names.map((name) => {
      const payload = zip.read(name)!;
      return { name, bytes: name.endsWith("data.pkl") ? mutate(payload, random) : payload };
    }),
  );
}

const sources: Readonly<Record<string, () => readonly Uint8Array[]>> = {
  pth: () => [
    fixture("tiny-apple.pth"),
    fixture("tiny-mmengine.pth"),
    fixture("kinds-legacy.pth"),
    fixture("kinds.pth"),
  ],
  safetensors: () => [
    encodeWeights(decodeWeights(fixture("tiny-mmpretrain.pth")).entries, { model: "tiny", numClasses: "5" }),
    encodeWeights(decodeWeights(fixture("tiny-timm-deploy.pth")).entries),
  ],
};

it.each(Object.keys(sources))("%s", (kind) => {
  const random = new Random(20260823);
  const files = sources[kind]!();
  const models = [tinyModel(), tinyModel({ deploy: true })];
  let loaded = 0;
  let worstMs = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const source = files[i % files.length]!;
    const file = (i >> 2) % 2 === 0 ? mutate(source, random) : mutateWithin(source, random);
    const before = process.memoryUsage().arrayBuffers;
    const start = performance.now();
    try {
      const { entries } = decodeWeights(file, "mutated.file");
      for (const { shape, values } of entries.values()) expect(values.length).toBe(shape.reduce((a, b) => a * b, 1));
      for (const model of models) loadFileEntries(model, entries, "mutated.file");
      loaded++;
    } catch (error) {
      if (!(error instanceof TensoroneError)) throw error;
      expect(error.message).toContain("mutated.file");
    }
    worstMs = Math.max(worstMs, performance.now() - start);
    expect(process.memoryUsage().arrayBuffers - before, `mutation ${i}`).toBeLessThan(LARGEST_BYTES);
  }
  expect(worstMs).toBeLessThan(LONGEST_MS);
  expect(loaded).toBeLessThan(MUTATIONS / 2);
}, 120_000);
