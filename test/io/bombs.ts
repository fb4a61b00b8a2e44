/**
 * Small files that ask for more than the machine has, each made from a few lines: how it is made, how it is opened, and the line that it
 * is answered with. The pictures among them are test/data's.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { writeZip } from "../../src/io/torch-checkpoint/zip-writer.js";

/** What the child process calls with the path of a bomb. */
export type Opening = "weights" | "raw" | "checkpoint" | "data" | "recipe" | "classWeights" | "shard";

export interface Bomb {
  readonly what: string;
  /** Writes it below `folder`; returns its path. */
  readonly make: (folder: string) => string;
  readonly open: Opening;
  readonly answer: RegExp;
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const le = (value: number, size: 2 | 4 | 8): number[] =>
  Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);
const joined = (...pieces: readonly (string | readonly number[] | Uint8Array)[]): Uint8Array =>
  Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : Buffer.from(piece))));

const file =
  (name: string, bytes: () => Uint8Array) =>
  (folder: string): string => {
    writeFileSync(join(folder, name), bytes());
    return join(folder, name);
  };
/** A .pth file of this pickle. */
const pickle = (...body: readonly (string | readonly number[] | Uint8Array)[]) =>
  file("bomb.pth", () => writeZip([{ name: "a/data.pkl", bytes: joined([0x80, 2], ...body, ".") }]));
/** BINUNICODE */
const word = (content: string): Uint8Array => joined("X", le(content.length, 4), content);
/** BINPUT of a low index. */
const put = (index: number): readonly number[] => [0x71, index];
const get = (index: number): readonly number[] => [0x68, index];
const global = (name: string): string =>
  `c${name.slice(0, name.lastIndexOf("."))}\n${name.slice(name.lastIndexOf(".") + 1)}\n`;

const safetensors = (header: Uint8Array) => file("bomb.safetensors", () => joined(le(header.length, 8), header));
/** A file that takes no room on the disk. */
const sparse =
  (name: string, start: string, bytes: number) =>
  (folder: string): string => {
    const path = join(folder, name);
    const opened = openSync(path, "w");
    writeSync(opened, Buffer.from(start, "latin1"));
    ftruncateSync(opened, bytes);
    closeSync(opened);
    return path;
  };
const MANY = 200_000;
const deep = (open: string, close: string): string => open.repeat(MANY) + close.repeat(MANY);
const folderOf =
  (files: Readonly<Record<string, string | Uint8Array>>) =>
  (folder: string): string => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(folder, "data", name, ".."), { recursive: true });
      writeFileSync(join(folder, "data", name), content);
    }
    return join(folder, "data");
  };

/** An archive of `count` members whose bytes are the same ones. */
function overlapping(count: number, size: number): Uint8Array {
  const whole = writeZip([
    {
      name: "a/data.pkl",
      bytes: joined([0x80, 2], "}(", ...Array.from({ length: count }, (_, i) => [...tensorOf(i, size)]), "u."),
    },
    { name: "a/data/0", bytes: new Uint8Array(size) },
  ]);
  const view = new DataView(whole.buffer, whole.byteOffset, whole.length);
  const end = whole.length - 22;
  const directory = view.getUint32(end + 16, true);
  const first = directory + 46 + view.getUint16(directory + 28, true) + view.getUint16(directory + 30, true);
  const entry = whole.slice(first, end);
  const nameLength = new DataView(entry.buffer).getUint16(28, true);
  const more = Array.from({ length: count }, (_, i) => {
    const name = text(`a/data/${i}`);
    const row = joined(entry.subarray(0, 46), name, entry.subarray(46 + nameLength));
    new DataView(row.buffer, row.byteOffset).setUint16(28, name.length, true);
    return row;
  });
  const rows = joined(whole.subarray(directory, first), ...more);
  const last = whole.slice(end);
  const tail = new DataView(last.buffer);
  tail.setUint16(8, count + 1, true);
  tail.setUint16(10, count + 1, true);
  tail.setUint32(12, rows.length, true);
  return joined(whole.subarray(0, directory), rows, last);
}

/** The same archive with ZIP64's end records, which count more than 65,535 members. */
function widened(zip: Uint8Array): Uint8Array {
  const end = zip.length - 22;
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length);
  const [size, at] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  const wide = new Uint8Array(56 + 20 + 22);
  const tail = new DataView(wide.buffer);
  tail.setUint32(0, 0x06064b50, true);
  for (const [i, value] of [MANY, MANY, size, at].entries()) tail.setBigUint64(24 + 8 * i, BigInt(value), true);
  tail.setUint32(56, 0x07064b50, true);
  tail.setBigUint64(64, BigInt(end), true);
  tail.setUint32(76, 0x06054b50, true);
  wide.fill(0xff, 76 + 8, 76 + 20);
  return joined(zip.subarray(0, end), wide);
}

/** "wI": a tensor of one storage. */
const tensorOf = (i: number, size: number): Uint8Array =>
  joined(
    word(`w${i}`),
    `${global("torch._utils._rebuild_tensor_v2")}((`,
    word("storage"),
    global("torch.ByteStorage"),
    word(String(i)),
    word("cpu"),
    "J",
    le(size, 4),
    "tQK\x00K\x01\x85K\x01\x85tR",
  );

const OBJECTS = /pickled objects, expected at most 500000/;
const STEPS = /steps of work, expected at most 5000000/;
const DEPTH = /101 levels of nesting, expected at most 100/;

/** A training checkpoint of one weight, with more beside it. */
const trained = (...more: readonly (string | readonly number[] | Uint8Array)[]) =>
  file("bomb.pth", () =>
    writeZip([
      {
        name: "a/data.pkl",
        bytes: joined(
          [0x80, 2],
          "}(",
          word("state_dict"),
          "}(",
          tensorOf(0, 1),
          "u",
          word("optimizer"),
          "}(",
          ...more,
          "uu.",
        ),
      },
      { name: "a/data/0", bytes: new Uint8Array(1) },
    ]),
  );

/** One list of 9,000 numbers, 12,000 times in an optimiser. */
const manyReferences = trained(
  word("state"),
  "}",
  word("param_groups"),
  "](",
  "}",
  word("params"),
  "](",
  "K\x01".repeat(9000),
  "e",
  put(1),
  "s",
  ...Array.from({ length: 12_000 }, () => joined("}", word("params"), get(1), "s")),
  "eu",
  word("meta"),
  "}(",
  word("iter"),
  "K\x01",
  word("epoch"),
  "K\x01",
);

/** Those that were found by trying. */
export const foundBombs: readonly Bomb[] = [
  {
    what: "12,000 references to one list of 9,000 parameters",
    make: manyReferences,
    open: "raw",
    answer: /its optimizer has 108009000 parameters, its weights 1/,
  },
  {
    what: "12,000 dictionaries of one list of 9,000 pairs",
    make: pickle(
      "](",
      ...Array.from({ length: 9000 }, () => "K\x01K\x02\x86"),
      "e",
      put(1),
      "0](",
      ...Array.from({ length: 12_000 }, () => joined(global("collections.OrderedDict"), get(1), "\x85R")),
      "e",
    ),
    open: "weights",
    answer: new RegExp(`${OBJECTS.source}|${STEPS.source}`),
  },
  { what: "16 million empty dictionaries", make: pickle("}".repeat(16e6)), open: "weights", answer: OBJECTS },
  {
    what: "lists 200,000 deep",
    make: pickle("]".repeat(MANY), "a".repeat(MANY - 1)),
    open: "weights",
    answer: /holds a list without weights/,
  },
  {
    what: "lists 200,000 deep for the step of a training checkpoint",
    make: trained(word("param_groups"), "]u", word("meta"), "}(", word("iter"), "]".repeat(MANY), "a".repeat(MANY - 1)),
    open: "raw",
    answer: /its meta says iter a list, epoch nothing, expected two counts/,
  },
  {
    what: "a dtype 200,000 deep",
    make: safetensors(text(`{"x":{"dtype":${deep("[", "]")},"shape":[1],"data_offsets":[0,4]}}`)),
    open: "weights",
    answer: DEPTH,
  },
  {
    what: "a checkpoint's JSON 200,000 deep",
    make: file("step_000001.json", () => text(`{"format":${deep('{"a":', "}").replace("}", "1}")}}`)),
    open: "checkpoint",
    answer: DEPTH,
  },
  {
    what: "a NUL in the name of a shard",
    make: folderOf({
      "shards.json": JSON.stringify({
        format: "tensorone-shards",
        version: 1,
        classes: ["a"],
        splits: { train: [{ file: "train\0.tar", samples: 1, bytes: 10_240 }] },
      }),
    }),
    open: "data",
    answer: /shards\.json: shards of train that are none/,
  },
];

export const ownBombs: readonly Bomb[] = [
  {
    what: "a call that is its own argument",
    make: pickle(
      `${global("torch._tensor._rebuild_from_type_v2")}`,
      put(1),
      "0](",
      get(1),
      "N",
      "e",
      put(2),
      get(2),
      "aN",
      "a",
      get(1),
      get(2),
      "R",
    ),
    open: "weights",
    answer: /holds a torch\._tensor\._rebuild_from_type_v2 without weights|arguments are no tuple/,
  },
  {
    what: "60,000 keys of one hash",
    make: pickle(
      "}(",
      ...Array.from({ length: 60_000 }, (_, i) => joined([0x8a, 11], le(0, 8), le(i, 2), [1], "N")),
      "u",
    ),
    open: "weights",
    answer: STEPS,
  },
  { what: "16 million marks", make: pickle("(".repeat(16e6)), open: "weights", answer: OBJECTS },
  { what: "16 million numbers", make: pickle("](", "K\x01".repeat(16e6), "e"), open: "weights", answer: STEPS },
  {
    what: "a name of 20 million letters",
    make: pickle(`c${"a.".repeat(10e6)}\nB\n`),
    open: "weights",
    answer: /20000002 bytes of a name, expected at most 4096/,
  },
  {
    what: "a place in the memo beyond all",
    make: pickle("]r", [0xff, 0xff, 0xff, 0xff]),
    open: "weights",
    answer: /the memo has no place 4294967295/,
  },
  {
    what: "2,000 members of an archive on the same megabyte",
    make: file("bomb.pth", () => overlapping(2000, 1 << 20)),
    open: "weights",
    answer: /its members lie on each other/,
  },
  {
    what: "200,000 members of an archive",
    make: file("bomb.pth", () =>
      widened(writeZip(Array.from({ length: MANY }, (_, i) => ({ name: `a/${i}`, bytes: text("") })))),
    ),
    open: "weights",
    answer: /its directory: 200000 entries, expected at most 100000/,
  },
  {
    what: "half a terabyte of zeros",
    make: sparse("bomb.safetensors", "", 2 ** 39),
    open: "weights",
    answer: /549755813888 bytes of a file, expected at most 2147483647/,
  },
  {
    what: "an archive of 1.9 gigabytes without its end",
    make: sparse("bomb.pth", "PK\x03\x04", 1.9e9),
    open: "weights",
    answer: /a ZIP archive without its end/,
  },
  {
    what: "40 megabytes of empty objects in a header",
    make: safetensors(text(`{"x":[${"{},".repeat(13e6)}{}]}`)),
    open: "weights",
    answer: /its header: at least 400000\d values in JSON, expected at most 4000000/,
  },
  {
    what: "150,000 empty tensors",
    make: safetensors(
      text(
        `{${Array.from({ length: 150_000 }, (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join(",")}}`,
      ),
    ),
    open: "weights",
    answer: /150000 entries, expected at most 100000/,
  },
  {
    what: "a megabyte that unpacks to one gigabyte",
    make: file("train-000000.tar.gz", () => gzipSync(Buffer.alloc(2 ** 30), { level: 1 })),
    open: "shard",
    answer: /bytes when unpacked, expected at most 134217728/,
  },
  {
    what: "20 million columns of a CSV file",
    make: file("bomb.csv", () => text(`path,label${",".repeat(20e6)}\n`)),
    open: "data",
    answer: /line 1: 100001 entries, expected at most 100000/,
  },
  {
    what: "6 million lines of a list",
    make: folderOf({ "meta/train.txt": "\n".repeat(6e6), "meta/classes.txt": "a\n" }),
    open: "data",
    answer: /5000001 samples, expected at most 5000000|no train/,
  },
  {
    what: "200,000 classes",
    make: folderOf({
      "meta/train.txt": "a.jpg 0\n",
      "meta/classes.txt": Array.from({ length: MANY }, (_, i) => `c${i}`).join("\n"),
    }),
    open: "data",
    answer: /classes\.txt: 200000 entries, expected at most 100000/,
  },
  {
    what: "a device that never ends",
    make: () => "/dev/zero",
    open: "weights",
    answer: /\/dev\/zero: a device, expected a file/,
  },
  {
    what: "a recipe 200,000 deep",
    make: file("bomb.json", () => text(`{"optimizer":${deep("[", "]")}}`)),
    open: "recipe",
    answer: /expected at most 100 containers in each other/,
  },
  {
    what: "class weights 200,000 deep",
    make: file("weights.json", () => text(deep("[", "]"))),
    open: "classWeights",
    answer: DEPTH,
  },
];
