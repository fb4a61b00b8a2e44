/** What data sets are made of beside pictures: indexes of shards, tar files, CSV files, list files, names of classes. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { prepareShards } from "../../../../src/data/prepare.js";
import { verifyDataset } from "../../../../src/data/verify.js";
import { goldenPath, type Subject, throwLines } from "./subject.js";

const jsonWords = [
  "{",
  "}",
  "[",
  "]",
  ",",
  '"',
  "null",
  "-1",
  "\\u0000",
  "../",
  '"splits":',
  '"bytes":',
  '"labels":[',
  "[[[[",
];
const textWords = [
  ",",
  "\n",
  "\r",
  '"',
  '""',
  "path,label,split",
  "\ufeff",
  "\0",
  "\u001b[31m",
  " ",
  "../",
  "train/",
  "0x1",
  "1e0",
];

/** Two classes of a picture each, as class folders in `to`. */
function writePictures(to: string): void {
  for (const split of ["train", "val"])
    for (const name of ["cat", "dog"]) {
      mkdirSync(join(to, split, name), { recursive: true });
      copyFileSync(goldenPath("data", "images", "odd1x1.jpg"), join(to, split, name, "1.jpg"));
    }
}

async function writeShards(to: string): Promise<void> {
  writePictures("pictures");
  await prepareShards({ data: "pictures", out: to, shardImages: 9, format: "jpeg", workers: 0 });
}

/** Opens and looks through a whole data set, and throws what it finds. */
async function lookThrough(data: string): Promise<void> {
  const { problems, warnings } = await verifyDataset({ data, workers: 0, decoder: "jpeg-js" });
  throwLines([...problems, ...warnings]);
}

/** A file of a set of shards, whose others stay sound. */
const ofShards = (name: string): Subject["prepare"] =>
  async function prepare() {
    await writeShards("shards");
    const path = join("shards", name);
    const seeds = [new Uint8Array(readFileSync(path))];
    return {
      seeds,
      read: (bytes) => {
        writeFileSync(path, bytes);
        return lookThrough("shards");
      },
    };
  };

/** A file of text in a folder of pictures. */
const beside = (name: string, seeds: readonly string[]): Subject["prepare"] =>
  async function prepare() {
    writePictures(".");
    mkdirSync("meta");
    const isCsv = name.endsWith(".csv");
    if (!isCsv) {
      writeFileSync("meta/train.txt", "train/cat/1.jpg 0\ntrain/dog/1.jpg 1\n");
      writeFileSync("meta/val.txt", "val/cat/1.jpg 0\nval/dog/1.jpg 1\n");
    }
    return {
      seeds: seeds.map((seed) => new TextEncoder().encode(seed)),
      read: (bytes) => {
        writeFileSync(name, bytes);
        return lookThrough(isCsv ? name : ".");
      },
    };
  };

const index = JSON.stringify;

export const dataSubjects = {
  "shards.json": { words: jsonWords, prepare: ofShards("shards.json") },
  "index of a shard": { words: jsonWords, prepare: ofShards("train-000000.json") },
  tar: {
    words: ["ustar\x0000", "ustar  ", "x", "path=", "0000644\0", "77777777777\0", "\0"],
    async prepare() {
      await writeShards("shards");
      const path = join("shards", "train-000000.tar");
      const seed = new Uint8Array(readFileSync(path));
      // of the same size: another one is refused unread
      const read = (bytes: Uint8Array) => {
        const whole = new Uint8Array(seed.length);
        whole.set(bytes.subarray(0, seed.length));
        writeFileSync(path, whole);
        return lookThrough("shards");
      };
      return { seeds: [seed], read };
    },
  },
  "tar.gz": {
    words: [[0x1f, 0x8b, 8], "ustar\x0000", [0, 0, 0xff, 0xff]],
    async prepare() {
      await writeShards("shards");
      const packed = gzipSync(readFileSync(join("shards", "train-000000.tar")));
      const set = JSON.parse(readFileSync(join("shards", "shards.json"), "utf8")) as {
        splits: { train: { file: string; bytes: number }[] };
      };
      const entry = set.splits.train[0]!;
      const read = (bytes: Uint8Array) => {
        entry.file = "train-000000.tar.gz";
        entry.bytes = bytes.length;
        writeFileSync(join("shards", entry.file), bytes);
        writeFileSync(join("shards", "shards.json"), index(set));
        return lookThrough("shards");
      };
      return { seeds: [new Uint8Array(packed)], read };
    },
  },
  CSV: {
    words: textWords,
    prepare: beside("set.csv", [
      "path,label,split\ntrain/cat/1.jpg,cat,train\nval/dog/1.jpg,dog,val\ntrain/dog/1.jpg,dog,train\n",
      '\ufeffPath,Label\r\n"train/cat/1.jpg",0\r\ntrain/dog/1.jpg,1\r\n',
    ]),
  },
  "list file": {
    words: textWords,
    prepare: beside("meta/train.txt", ["train/cat/1.jpg 0\ntrain/dog/1.jpg 1\n", "cat/1.jpg 0\r\ndog/1.jpg 1\r\n"]),
  },
  "classes.txt": {
    words: textWords,
    prepare: beside("meta/classes.txt", ["cat\ndog\n", "n01 cat, kitten\r\nn02 dog\r\n"]),
  },
} as const satisfies { readonly [name: string]: Subject };
