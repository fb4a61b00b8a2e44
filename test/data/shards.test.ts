/**
 * Tar shards against the folder they were made from, against GNU tar, and against damage of every kind.
 */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadDecoder } from "../../src/data/codecs/decoder.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { type PrepareOptions, prepareShards } from "../../src/data/prepare.js";
import { MersenneTwister } from "../../src/data/random.js";
import { DataLoader, type DataLoaderOptions } from "../../src/data/reading/loader.js";
import { type Dataset, openDataset } from "../../src/data/sets/dataset.js";
import { ImageFolder } from "../../src/data/sets/image-folder.js";
import { PictureFiles } from "../../src/data/sets/picture-source.js";
import { ShardSet } from "../../src/data/sets/shards/shard-set.js";
import { readHeader, tarEntry } from "../../src/data/sets/shards/tar.js";
import { applyTransform, type Transform, trainTransform } from "../../src/data/transforms/index.js";
import { verifyDataset } from "../../src/data/verify.js";
import { DataError } from "../../src/util/errors.js";
import { difference, fixtureUrl } from "./fixtures.js";

const pictures = ["s444.jpg", "s422.jpg", "s420.jpg", "grey.jpg", "progressive.jpg", "exif6.jpg", "png-named.jpeg"];
const classes = ["cat", "dog.brown", "mouse"];
let root: string;
let data: string;
const longName = `${"a very long name ".repeat(8)}ünd.more.dots`;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "shards-"));
  data = join(root, "pets");
  const copy = (picture: string, to: string) => {
    mkdirSync(dirname(join(data, to)), { recursive: true });
    copyFileSync(fixtureUrl(`images/${picture}`), join(data, to));
  };
  classes.forEach((name, c) => {
    for (const [i, picture] of pictures.slice(c).entries()) copy(picture, `train/${name}/${i}-${picture}`);
    copy(pictures[c]!, `val/${name}/${c}.jpg`);
  });
  copy("s420.jpg", `train/cat/${longName}.jpg`);
  copy("s420.jpg", "train/mouse/twin.a.jpg");
  copy("s422.jpg", "train/mouse/twin_a.jpg");
  await prepareShards(options("shards"));
});
afterAll(() => rmSync(root, { recursive: true }));

const options = (out: string, more: Partial<PrepareOptions> = {}): PrepareOptions => ({
  data,
  out: join(root, out),
  shardImages: 5,
  format: "jpeg",
  workers: 0,
  ...more,
});
/** As an earlier version wrote them, whose fields alone can be checked. */
function withoutHashes(name: string): string {
  const out = copyOf(name);
  for (const file of readdirSync(out).filter((one) => one.endsWith(".json"))) {
    const text = readFileSync(join(out, file), "utf8");
    writeFileSync(
      join(out, file),
      JSON.stringify(
        JSON.parse(text, (key, value: unknown) =>
          ["fileSha256", "sha256", "indexSha256", "hashes"].includes(key) ? undefined : value,
        ),
      ),
    );
  }
  return out;
}
/** A copy of the shards, to be damaged. */
function copyOf(name: string): string {
  cpSync(join(root, "shards"), join(root, name), { recursive: true });
  return join(root, name);
}

async function batches(dataset: Dataset, more: Partial<DataLoaderOptions> = {}) {
  const transform = trainTransform({ imageSize: 24 });
  const loader = new DataLoader(dataset, { batchSize: 4, transform, seed: 5, shuffle: true, workers: 0, ...more });
  const seen = [];
  for (const epoch of [0, 1])
    for await (const { images, labels, indices } of loader.epoch(epoch))
      seen.push({ images: Uint8Array.from(images), labels, indices });
  await loader.close();
  return seen;
}

describe("shards", () => {
  test.each([0, 2])("give the batches of the folder, byte for byte, %i workers", async (workers) => {
    for (const split of ["train", "val"]) {
      const folder = openDataset(data, split);
      const shards = openDataset(join(root, "shards"), split);
      expect(folder).toBeInstanceOf(ImageFolder);
      expect(shards).toBeInstanceOf(ShardSet);
      expect(shards.classes).toEqual(folder.classes);
      expect(shards.samples.map(({ label }) => label)).toEqual(folder.samples.map(({ label }) => label));
      const ranks = { replicas: 2, rank: 1 };
      expect(await batches(shards, { workers })).toEqual(await batches(folder));
      expect(await batches(shards, { workers, ...ranks })).toEqual(await batches(folder, ranks));
    }
  });

  test("are tar files to GNU tar, with every file as it was and its label beside it", () => {
    const listed: string[] = [];
    const folder = openDataset(data, "train");
    for (const tar of readdirSync(join(root, "shards")).filter((name) => /^train.*\.tar$/.test(name))) {
      const path = join(root, "shards", tar);
      listed.push(
        ...execFileSync("tar", ["tf", path, "--quoting-style=literal"], { encoding: "utf8" }).trim().split("\n"),
      );
      mkdirSync(join(root, "unpacked"), { recursive: true });
      execFileSync("tar", ["xf", path, "-C", join(root, "unpacked")]);
    }
    expect(listed.length).toBe(2 * folder.length);
    expect(new Set(listed).size).toBe(listed.length);
    folder.samples.forEach(({ path, label }, i) => {
      const [image, cls] = [listed[2 * i]!, listed[2 * i + 1]!];
      const unpacked = (name: string) => readFileSync(join(root, "unpacked", name));
      expect(unpacked(image).equals(readFileSync(path))).toBe(true);
      expect(unpacked(cls).toString()).toBe(String(label));
      // WebDataset: what comes before the first dot of the file's name joins the two
      expect(cls).toBe(`${image.replace(/\.\w+$/, "")}.cls`);
      expect(image.split("/").at(-1)!.split(".")).toHaveLength(2);
      expect(dirname(image)).toBe(dirname(relative(join(data, "train"), path)));
    });
    expect(listed.some((name) => name.endsWith(".png"))).toBe(true);
    expect(listed.filter((name) => /twin_a(-2)?\.jpg$/.test(name))).toHaveLength(2);
  });

  test("lie where their index says", () => {
    const { samples } = openDataset(join(root, "shards"), "train");
    expect(samples.length).toBe(openDataset(data, "train").length);
    for (const { path, entry } of samples) {
      const header = readHeader(readFileSync(path).subarray(entry!.offset - 512, entry!.offset));
      expect(header?.bytes).toBe(entry!.bytes);
      expect(entry!.name.startsWith(header!.name.slice(0, 90))).toBe(true);
    }
  });
});

test("long names: the length of a pax record counts its own digits", () => {
  for (const length of [101, 109, 110, 111, 112, 150, 1008, 1009, 1010]) {
    const { pieces, dataOffset } = tarEntry("n".repeat(length), new Uint8Array(3));
    const record = new TextDecoder().decode(pieces[1]);
    expect(Number.parseInt(record, 10)).toBe(pieces[1]!.length);
    expect(record.endsWith(`${"n".repeat(length)}\n`)).toBe(true);
    expect(dataOffset % 512).toBe(0);
  }
});

describe("resized shards", () => {
  const shortSide = 20;
  const resize: Transform[number] = { kind: "resizeShortSide", size: shortSide, filter: "bilinear" };

  test("as PNG hold the resized pixels exactly, made by any number of workers", async () => {
    await prepareShards(options("png", { shortSide, format: "png" }));
    await prepareShards(options("png-2", { shortSide, format: "png", workers: 2 }));
    for (const name of readdirSync(join(root, "png")))
      expect(readFileSync(join(root, "png", name)).equals(readFileSync(join(root, "png-2", name)))).toBe(true);
    const folder = openDataset(data, "val");
    const shards = openDataset(join(root, "png"), "val");
    const expected = await batches(folder, { transform: [resize, ...trainTransform({ imageSize: 16 })] });
    expect(await batches(shards, { transform: trainTransform({ imageSize: 16 }) })).toEqual(expected);
  });

  test("as JPEG come close, and say in their index what was done", async () => {
    const { index } = await prepareShards(options("jpeg", { shortSide }));
    expect(index.resized).toEqual({ shortSide, format: "jpeg", quality: 90, decoder: (await loadDecoder()).name });
    const shards = ShardSet.open(join(root, "jpeg"), "train");
    expect(shards.resized).toEqual(index.resized);
    const folder = openDataset(data, "train");
    shards.samples.forEach(({ path, entry }, i) => {
      const packed = decodeImage(readFileSync(path).subarray(entry!.offset, entry!.offset + entry!.bytes));
      const original = decodeImage(readFileSync(folder.samples[i]!.path));
      const isLarger = Math.min(original.width, original.height) > shortSide;
      const expected = isLarger ? applyTransform([resize], original, new MersenneTwister(0)) : original;
      expect(difference(packed, expected).mean).toBeLessThan(4);
    });
  });

  test("leave smaller pictures as they are", async () => {
    await prepareShards(options("large", { shortSide: 4000 }));
    const tar = (name: string) => readFileSync(join(root, name, "train-000000.tar"));
    expect(tar("large").equals(tar("shards"))).toBe(true);
  });
});

describe("a run that was stopped", () => {
  test("goes on after its last shard, and cleans up", async () => {
    const out = copyOf("stopped");
    const before = statSync(join(out, "train-000000.tar")).mtimeMs;
    for (const name of ["shards.json", "train-000002.tar", "train-000003.json", "val-000000.json"])
      rmSync(join(out, name));
    writeFileSync(join(out, ".train-000002.tar.0123456789ab.tmp"), "half");
    expect(() => openDataset(out, "train")).toThrow(/no shards\.json.*prepare/s);
    const { shardsKept, shardsMade } = await prepareShards(options("stopped"));
    expect({ shardsKept, shardsMade }).toEqual({ shardsKept: 3, shardsMade: 3 });
    expect(statSync(join(out, "train-000000.tar")).mtimeMs).toBe(before);
    for (const name of readdirSync(join(root, "shards")))
      expect(readFileSync(join(out, name)).equals(readFileSync(join(root, "shards", name)))).toBe(true);
    expect(readdirSync(out).length).toBe(readdirSync(join(root, "shards")).length);
  });

  test("does not mix with other pictures, options or files", async () => {
    copyOf("mixed");
    await expect(prepareShards(options("mixed", { shardImages: 6 }))).rejects.toThrow(/train-000000\.tar.*other/);
    await expect(prepareShards(options("mixed", { shortSide: 20 }))).rejects.toThrow(/train-000000\.tar.*other/);
    const touched = openDataset(data, "val").samples[0]!.path;
    const { atime, mtime } = statSync(touched);
    utimesSync(touched, atime, new Date(mtime.getTime() + 5000));
    await expect(prepareShards(options("mixed"))).rejects.toThrow(/val-000000\.tar.*other/);
    utimesSync(touched, atime, mtime);
    expect((await prepareShards(options("mixed"))).shardsMade).toBe(0);
    mkdirSync(join(root, "full"));
    writeFileSync(join(root, "full", "letter.txt"), "");
    await expect(prepareShards(options("full"))).rejects.toThrow(/holds letter\.txt/);
  });

  test("by a picture that cannot be read: no half shard is left", async () => {
    const bad = join(data, "val", "cat", "torn.jpg");
    writeFileSync(bad, "<html>");
    await expect(prepareShards(options("torn"))).rejects.toThrow(/torn\.jpg: neither a JPEG nor a PNG/);
    rmSync(bad);
    expect(existsSync(join(root, "torn", "val-000000.tar"))).toBe(false);
    expect(readdirSync(join(root, "torn")).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

describe("damage without hashes is named", () => {
  const open = (name: string) => () => openDataset(join(root, name), "train");
  const edit = (name: string, file: string, change: (json: Record<string, never>) => unknown) => {
    const path = join(root, name, file);
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
  };

  test("in tar files, when they are opened", () => {
    const out = withoutHashes("tars");
    truncateSync(join(out, "train-000001.tar"), 1000);
    expect(open("tars")).toThrow(/train-000001\.tar: 1000 bytes, expected a shard of \d+ bytes/);
    rmSync(join(out, "train-000001.tar"));
    expect(open("tars")).toThrow(/train-000001\.tar: no such file/);
  });

  test.each<[string, string, (json: Record<string, never>) => unknown, RegExp]>([
    ["format", "shards.json", (json) => ({ ...json, format: "zip" }), /shards\.json: format "zip"/],
    ["version", "shards.json", (json) => ({ ...json, version: 9 }), /shards\.json: version 9, expected 1/],
    ["no classes", "shards.json", (json) => ({ ...json, classes: [] }), /no list of class names/],
    [
      "escape",
      "shards.json",
      (json) => ({ ...json, splits: { train: [{ file: "../x.tar", samples: 1, bytes: 1 }] } }),
      /shards of train/,
    ],
    ["no split", "shards.json", (json) => ({ ...json, splits: {} }), /no split train/],
    [
      "offset",
      "train-000000.json",
      (json: Record<string, unknown>) => ({ ...json, offsets: [1e9, 1, 1, 1, 1] }),
      /at byte 1000000000 of/,
    ],
    ["lengths", "train-000000.json", (json) => ({ ...json, labels: [0] }), /lists of 5, 5, 5, 1 elements/],
    ["labels", "train-000000.json", (json) => ({ ...json, labels: [0, 0, 3, 0, 0] }), /label 3 of .*expected 0 to 2/],
    ["types", "train-000000.json", (json) => ({ ...json, names: [1, 2, 3, 4, 5] }), /missing or hold other things/],
    ["other shard", "train-000000.json", (json) => ({ ...json, bytes: 1e9 }), /different runs|says/],
    ["array", "train-000000.json", () => [], /not a JSON object/],
  ])("in indexes: %s", (name, file, change, message) => {
    withoutHashes(`index ${name}`);
    edit(`index ${name}`, file, change);
    expect(open(`index ${name}`)).toThrow(message);
    expect(open(`index ${name}`)).toThrow(DataError);
  });

  test("in an index that is no JSON", () => {
    appendFileSync(join(withoutHashes("text"), "train-000000.json"), "}");
    expect(open("text")).toThrow(/train-000000\.json: not readable as JSON/);
  });

  test.each([0, 1])("in an index that points elsewhere, when the picture is read, %i workers", async (workers) => {
    const name = `off by one block ${workers}`;
    withoutHashes(name);
    edit(name, "train-000000.json", (json: Record<string, unknown>) => ({
      ...json,
      offsets: (json.offsets as number[]).map((offset, i) => (i === 2 ? offset + 512 : offset)),
    }));
    const dataset = openDataset(join(root, name), "train");
    await expect(batches(dataset, { workers })).rejects.toThrow(/train-000000\.tar\(cat\/.*\): no tar header at byte/);
  });

  test("in an index whose entries changed places", async () => {
    const swapped = <T>([first, second, ...rest]: T[]): T[] => [second!, first!, ...rest];
    withoutHashes("swapped");
    edit("swapped", "train-000001.json", (json: Record<string, unknown>) => ({
      ...json,
      offsets: swapped(json.offsets as number[]),
      sizes: swapped(json.sizes as number[]),
    }));
    const dataset = openDataset(join(root, "swapped"), "train");
    await expect(batches(dataset)).rejects.toThrow(/\.tar\((.*)\): (?!\1).* of \d+ bytes at byte \d+, expected \1 of/);
  });

  test("in a shard cut short while it is read", async () => {
    const out = withoutHashes("cut");
    const dataset = openDataset(out, "train");
    truncateSync(join(out, "train-000000.tar"), 1000);
    await expect(batches(dataset)).rejects.toThrow(/train-000000\.tar\(.*\): the tar file ends too early/);
  });

  test("in a number of classes the model does not have", () => {
    expect(() => openDataset(join(root, "shards"), "train", { numClasses: 7 })).toThrow(
      /3 classes, the model expects 7/,
    );
  });

  test.each([
    ["with hashes", copyOf, [294, 300], [0, 6]],
    ["without", withoutHashes, [100, 280], [20, 200]],
  ] as const)("in 300 mutated files %s: the same data set, or an error of ours", (name, make, refused, opened) => {
    const out = make(`mutated ${name}`);
    const random = new MersenneTwister(11);
    const outcomes = { opened: 0, refused: 0 };
    for (const file of ["shards.json", "train-000000.json", "train-000000.tar"]) {
      const path = join(out, file);
      const original = readFileSync(path);
      for (let k = 0; k < 100; k++) {
        const bytes = Buffer.from(original);
        for (let n = random.randint(4); n >= 0; n--) bytes[random.randint(bytes.length)] = random.randint(256);
        writeFileSync(path, bytes);
        if (bytes.equals(original)) continue;
        try {
          const files = new PictureFiles(0);
          for (const sample of openDataset(out, "train").samples) files.bytesOf(sample);
          files.close();
          outcomes.opened++;
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          expect((error as DataError).message).toContain(out);
          outcomes.refused++;
        }
      }
      writeFileSync(path, original);
    }
    for (const [found, [least, most]] of [
      [outcomes.refused, refused],
      [outcomes.opened, opened],
    ] as const) {
      expect(found).toBeGreaterThanOrEqual(least);
      expect(found).toBeLessThanOrEqual(most);
    }
  });
});

describe("shards prove themselves", () => {
  const readAll = (out: string): void => {
    const files = new PictureFiles(0);
    for (const split of ["train", "val"]) for (const sample of openDataset(out, split).samples) files.bytesOf(sample);
    files.close();
  };
  const errorOf = (out: string): string => {
    try {
      readAll(out);
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      return (error as DataError).summary;
    }
    return "";
  };
  /** With one bit turned. */
  const flip = (path: string, bit: number): (() => void) => {
    const bytes = readFileSync(path);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    writeFileSync(path, bytes);
    return () => {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, bytes);
    };
  };

  test("the files' SHA-256 stand in shards.json as sha256sum gives them", () => {
    const out = join(root, "shards");
    const { splits } = JSON.parse(readFileSync(join(out, "shards.json"), "utf8")) as {
      splits: Record<string, { file: string; sha256: string; indexSha256: string }[]>;
    };
    for (const { file, sha256, indexSha256 } of Object.values(splits).flat()) {
      const sum = (name: string) => execFileSync("sha256sum", [join(out, name)], { encoding: "utf8" }).slice(0, 64);
      expect([sum(file), sum(file.replace(/tar$/, "json"))]).toEqual([sha256, indexSha256]);
    }
  });

  test("flipped bits of a tar: headers, pictures, padding, labels, its end; the sample is named", () => {
    const out = copyOf("flips");
    const path = join(out, "train-000000.tar");
    const { samples } = openDataset(out, "train");
    const own = samples.filter((sample) => sample.path === path);
    const size = statSync(path).size;
    const random = new MersenneTwister(5);
    for (let k = 0; k < 40; k++) {
      const at = k === 0 ? size - 1 : random.randint(size);
      const back = flip(path, 8 * at + random.randint(8));
      const found = own.findLast(({ entry }) => entry!.offset - 512 <= at) ?? own[0]!;
      expect(errorOf(out), `byte ${at}`).toMatch(
        /train-000000\.tar\(.*\): bytes \d+ to \d+ .* do not match their hash/,
      );
      expect(errorOf(out)).toContain(found.entry!.name);
      back();
    }
    expect(errorOf(out)).toBe("");
  });

  test("flipped bits of the indexes; the file is named", () => {
    const out = copyOf("flipped indexes");
    const random = new MersenneTwister(6);
    for (const name of ["shards.json", "train-000001.json", "val-000000.json"]) {
      const path = join(out, name);
      const bits = 8 * statSync(path).size;
      for (let k = 0; k < 40; k++) {
        const bit = random.randint(bits);
        const back = flip(path, bit);
        expect(errorOf(out), `bit ${bit}`).toContain(`${path}: `);
        back();
      }
    }
  });

  test("verify-dataset names shard and sample, and says of shards without hashes that they have none", async () => {
    const out = copyOf("verified");
    expect((await verifyDataset({ data: out, workers: 0 })).problems).toEqual([]);
    const { path, entry } = openDataset(out, "val").samples[0]!;
    flip(path, 8 * (entry!.offset + entry!.bytes) + 8 * 3);
    const { problems } = await verifyDataset({ data: out, workers: 0 });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain(`${path}: its SHA-256 is not the one in shards.json`);
    expect(problems[1]).toContain(`${path}(${entry!.name}): bytes`);
    const former = await verifyDataset({ data: withoutHashes("former"), workers: 0 });
    expect(former.problems).toEqual([]);
    expect(former.warnings.join()).toContain("wrote no hashes");
  });
});
