/** The container: what PyTorch wrote comes out with its values, what we write comes back, and nothing in a file is ever run. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CheckpointError } from "../../src/index.js";
import { Placeholder } from "../../src/io/torch-checkpoint/index.js";
import { unpickle } from "../../src/io/torch-checkpoint/pickle.js";
import { GlobalName } from "../../src/io/torch-checkpoint/values.js";
import { ZipReader } from "../../src/io/torch-checkpoint/zip-reader.js";
import { writeZip } from "../../src/io/torch-checkpoint/zip-writer.js";
import {
  decodeTorchFile,
  decodeWeights,
  encodeSafetensors,
  encodeTorchFile,
  StateDict,
  type StoredTensor,
} from "../../src/models/files/index.js";
import { crc32 } from "../../src/util/crc32.js";
import { expected, fixture } from "./fixtures.js";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const errorOf = (body: () => unknown): Error => {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected an error");
};

describe("files of torch.save", () => {
  it.each(
    Object.keys(expected.values).filter((name) => name.startsWith("kinds")),
  )("%s: every element type, views, shared storages, parameters", (name) => {
    const { entries } = decodeWeights(fixture(name), name);
    const wanted = expected.values[name]!;
    expect([...entries.keys()]).toEqual(Object.keys(wanted));
    for (const [key, { shape, values }] of Object.entries(wanted)) {
      expect(entries.get(key)!.shape, key).toEqual(shape);
      expect([...entries.get(key)!.values], key).toEqual(values);
    }
  });

  it("keeps half precision as float32 and says what it was", () => {
    const { entries } = decodeWeights(fixture("kinds.pth"));
    expect([entries.get("half")!.code, entries.get("bfloat16")!.code, entries.get("bool")!.code]).toEqual([
      "F16",
      "BF16",
      "BOOL",
    ]);
    expect(entries.get("half")!.values).toBeInstanceOf(Float32Array);
  });

  it("finds the state dict and drops the prefix of parallel training", () => {
    const { found, entries } = decodeWeights(fixture("tiny-wrapped.pth"));
    expect(found).toBe("state_dict_ema");
    expect([...entries.keys()][0]).toMatch(/^backbone\.stage0\./);
  });

  it("are told from safetensors by more than their first byte", () => {
    const lengths = new Set<number>();
    for (let length = 1; length <= 300; length++) {
      const file = encodeSafetensors(new Map([["x".repeat(length), { shape: [1], values: Float32Array.of(length) }]]));
      lengths.add(file[0]!);
      expect(decodeWeights(file).container).toBe("safetensors");
    }
    // that of a pickle, and of a ZIP archive
    for (const byte of [0x80, 0x50]) expect(lengths).toContain(byte);
  });

  it("leaves classes it does not know as named placeholders", () => {
    const object = decodeTorchFile(fixture("tiny-mmengine.pth")) as Map<string, Map<string, Map<string, unknown>>>;
    const history = object.get("message_hub")!.get("log_scalars")!.get("train/loss");
    expect(history).toBeInstanceOf(Placeholder);
    expect((history as Placeholder).of).toBe("mmengine.logging.history_buffer.HistoryBuffer");
  });

  it.each([
    ["script.pth", /TorchScript/],
    ["object.pth", /a somewhere\.models\.Network without weights/],
  ])("refuses %s with what it is and what to do", (name, problem) => {
    const error = errorOf(() => decodeWeights(fixture(name), name));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(problem);
    expect(error.message).toMatch(new RegExp(`^${name}`));
    expect(error.message).toMatch(/hint: in Python/);
  });
});

describe("files made to do harm", () => {
  it.each([
    ["attack-system.pth", "posix.system"],
    ["attack-system-legacy.pth", "posix.system"],
    ["attack-eval.pth", "__builtin__.eval"],
    ["attack-protocol4.pth", "posix.system"],
    ["attack-bare.pth", "posix.system"],
  ])("%s is refused by the name of what it asks for", (name, asked) => {
    const error = errorOf(() => decodeWeights(fixture(name), name));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toContain(`${name}: the file asks Python to use ${asked}`);
    expect(existsSync("tensorone-was-attacked")).toBe(false);
  });

  it.each([
    "os.system",
    "subprocess.Popen",
    "builtins.exec",
    "runpy._run_code",
    "torch.hub.load",
    "some.lib.run",
  ])("a call of %s in text opcodes is refused", (name) => {
    const [module, last] = [name.slice(0, name.lastIndexOf(".")), name.slice(name.lastIndexOf(".") + 1)];
    const pickle = text(`c${module}\n${last}\n(S'x'\ntR.`);
    const archive = writeZip([{ name: "a/data.pkl", bytes: pickle }]);
    expect(() => decodeTorchFile(archive, "a.pth")).toThrow(`a.pth: the file asks Python to use ${name}`);
  });

  it("tensors that reach outside their storage, or stand for more than the file can hold", () => {
    const values = new StateDict(new Map([["w", { shape: [4], values: Float32Array.of(1, 2, 3, 4) }]]));
    const good = encodeTorchFile(values);
    const pickle = new ZipReader(good, "good").read("archive/data.pkl")!;
    // the shape (4,) and the strides (1,) are "(J<int32>t"
    const patched = (shape: number, stride: number): Uint8Array => {
      const copy = pickle.slice();
      const at = copy.findIndex((byte, i) => byte === 0x28 && copy[i + 1] === 0x4a && copy[i + 6] === 0x74);
      const view = new DataView(copy.buffer);
      view.setInt32(at + 2, shape, true);
      view.setInt32(at + 9, stride, true);
      return writeZip([
        { name: "a/data.pkl", bytes: copy },
        { name: "a/data/0", bytes: new Uint8Array(16) },
      ]);
    };
    expect([...decodeWeights(patched(2, 3)).entries.get("w")!.values]).toEqual([0, 0]);
    expect(() => decodeWeights(patched(5, 1), "x.pth")).toThrow(/x\.pth: w looks at elements 0 to 4 of a storage of 4/);
    expect(() => decodeWeights(patched(2, 4), "x.pth")).toThrow(/elements 0 to 4/);
    expect(() => decodeWeights(patched(2 ** 30, 0), "x.pth")).toThrow(/more than the file can stand for/);
    expect(() => decodeWeights(patched(-1, 1), "x.pth")).toThrow(/without storage, offset, shape/);
  });
});

describe("the pickle machine", () => {
  const host = {
    name: (full: string) => new GlobalName(full),
    call: (callee: string, args: readonly unknown[]) => new Placeholder(callee, args),
    persistent: (id: unknown) => id,
  };
  const run = (pickle: string | readonly number[]) =>
    unpickle(typeof pickle === "string" ? text(pickle) : Uint8Array.from(pickle), host, "test").value;

  // expected values from CPython's pickle.loads of the same bytes
  it.each<[string, string | readonly number[], unknown]>([
    ["text integers, long ones and booleans", "(I1\nL2L\nI01\nL36893488147419103232L\nt.", [1, 2, true, 2n ** 65n]],
    ["floats", [0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x2e], 1.5],
    ["signed longs", [0x8a, 2, 0xff, 0x7f, 0x2e], 32767],
    ["negative longs", [0x8a, 2, 0x00, 0x80, 0x2e], -32768],
    ["an empty long", [0x8a, 0, 0x2e], 0],
    ["lists and the memo", "(lp0\nI5\nag0\na0I7\n.", 7],
    ["sets", [0x8f, 0x28, 0x4b, 1, 0x4b, 2, 0x90, 0x2e], new Set([1, 2])],
    ["dictionaries", "(S'a'\nI1\nd.", new Map([["a", 1]])],
    ["tuples of three", [0x4b, 1, 0x4b, 2, 0x4b, 3, 0x87, 0x2e], [1, 2, 3]],
  ])("%s", (_, pickle, value) => {
    expect(run(pickle)).toEqual(value);
  });

  it.each<[string, string | readonly number[]]>([
    ["a value is missing", "."],
    ["a mark is missing", "t."],
    ["opcode 0xff", [0xff]],
    ["it ends too early", [0x58, 0xff, 0xff, 0xff, 0x7f]],
    ["it ends too early", [0x80]],
    ["the memo has no entry 3", [0x68, 3]],
    ["called that is no name", "I1\n(tR."],
  ])("%s", (problem, pickle) => {
    expect(() => run(pickle)).toThrow(problem);
  });
});

describe("the archive", () => {
  const pieces = [
    { name: "a/data.pkl", bytes: text("N.") },
    { name: "a/ünï", bytes: new Uint8Array(100).fill(7) },
  ];

  it("comes back, with every payload at a multiple of 64", () => {
    const zip = writeZip(pieces);
    const reader = new ZipReader(zip, "zip");
    expect(reader.names).toEqual(pieces.map(({ name }) => name));
    for (const { name, bytes } of pieces) {
      const found = reader.read(name)!;
      expect(found).toEqual(bytes);
      expect((found.byteOffset - zip.byteOffset) % 64).toBe(0);
    }
    expect(reader.read("a/other")).toBeUndefined();
  });

  it("is read with ZIP64 sizes, offsets and end record", () => {
    const payload = text("N.");
    const name = text("a/data.pkl");
    const file = new Uint8Array(400);
    const view = new DataView(file.buffer);
    // local header with nothing in it, as before a data descriptor
    view.setUint32(0, 0x04034b50, true);
    view.setUint16(26, name.length, true);
    file.set(name, 30);
    file.set(payload, 40);
    const central = 60;
    view.setUint32(central, 0x02014b50, true);
    view.setUint32(central + 16, crc32(payload), true);
    for (const field of [20, 24, 42]) view.setUint32(central + field, 0xffffffff, true);
    view.setUint16(central + 28, name.length, true);
    view.setUint16(central + 30, 4 + 3 + 4 + 24, true);
    file.set(name, central + 46);
    const extra = central + 46 + name.length;
    view.setUint16(extra, 0x5455, true); // another field first
    view.setUint16(extra + 2, 3, true);
    view.setUint16(extra + 7, 1, true);
    view.setUint16(extra + 9, 24, true);
    [2n, 2n, 0n].forEach((value, i) => {
      view.setBigUint64(extra + 11 + 8 * i, value, true);
    });
    const end64 = extra + 35;
    view.setUint32(end64, 0x06064b50, true);
    [1n, 1n, BigInt(end64 - central), BigInt(central)].forEach((value, i) => {
      view.setBigUint64(end64 + 24 + 8 * i, value, true);
    });
    const locator = end64 + 56;
    view.setUint32(locator, 0x07064b50, true);
    view.setBigUint64(locator + 8, BigInt(end64), true);
    const end = locator + 20;
    view.setUint32(end, 0x06054b50, true);
    view.setUint16(end + 10, 0xffff, true);
    view.setUint32(end + 12, 0xffffffff, true);
    view.setUint32(end + 16, 0xffffffff, true);
    const zip = file.subarray(0, end + 22);
    expect(new ZipReader(zip, "zip").read("a/data.pkl")).toEqual(payload);
    expect(decodeTorchFile(zip)).toBeNull();
  });

  it("notices a changed byte, compression and a missing end", () => {
    const damaged = writeZip(pieces);
    damaged[damaged.indexOf(7)] = 8;
    expect(() => new ZipReader(damaged, "d.pth").read("a/ünï")).toThrow(/d\.pth: the checksum of a\/ünï/);
    const compressed = writeZip(pieces);
    const entry = compressed.findIndex((_, i) => compressed[i] === 0x50 && compressed[i + 2] === 1);
    compressed[entry + 10] = 8;
    expect(() => new ZipReader(compressed, "c.pth").read("a/data.pkl")).toThrow(/c\.pth: a\/data\.pkl is compressed/);
    expect(() => new ZipReader(writeZip(pieces).subarray(0, -30), "t.pth")).toThrow(/t\.pth: it has no end record/);
  });

  it("refuses a checksum of 0 that does not fit, takes one that does, and refuses a name twice", () => {
    const unchecked = writeZip(pieces);
    const entry = unchecked.findIndex((_, i) => unchecked[i] === 0x50 && unchecked[i + 2] === 1);
    unchecked.fill(0, entry + 16, entry + 20);
    expect(() => new ZipReader(unchecked, "u.pth").read("a/data.pkl")).toThrow(
      /u\.pth: the checksum of a\/data\.pkl is 0/,
    );
    // the CRC of nothing is 0
    const empty = { name: "a/empty", bytes: new Uint8Array(0) };
    expect(new ZipReader(writeZip([empty]), "e.pth").read("a/empty")).toEqual(empty.bytes);
    expect(() => new ZipReader(writeZip([...pieces, pieces[0]!]), "n.pth")).toThrow(
      /n\.pth: a\/data\.pkl stands twice/,
    );
  });
});

describe("encodeTorchFile", () => {
  const tensors = new Map<string, StoredTensor>([
    ["f", { shape: [2, 2], values: Float32Array.of(1, -2, 3.5, 1e-30) }],
    ["n", { shape: [], values: Int32Array.of(-3), code: "I64" }],
    ["d", { shape: [1], values: Float64Array.of(Math.PI) }],
    ["u", { shape: [2], values: Uint8Array.of(0, 255) }],
    ["e", { shape: [0, 3], values: new Float32Array(0) }],
  ]);

  it("comes back: tensors, numbers, text, lists, dictionaries", () => {
    const value = { a: [1, 2.5, -3, 2 ** 40, true, null, "žluť"], b: new Map([[7, { c: "" }]]) };
    const object = decodeTorchFile(encodeTorchFile({ ...value, state_dict: new StateDict(tensors) }));
    const { entries } = decodeWeights(encodeTorchFile(new StateDict(tensors)));
    expect((object as Map<string, unknown>).get("a")).toEqual(value.a);
    expect((object as Map<string, unknown>).get("b")).toEqual(new Map([[7, new Map([["c", ""]])]]));
    for (const [name, { shape, values }] of tensors) expect(entries.get(name)).toMatchObject({ shape, values });
    expect(entries.get("n")!.code).toBe("I64");
  });

  it("gives equal bytes for equal values, also after a round trip", () => {
    const first = encodeTorchFile(new StateDict(tensors));
    expect(encodeTorchFile(new StateDict(decodeWeights(first).entries))).toEqual(first);
  });

  it("is read where another machine's byte order says so", () => {
    const swap = (bytes: Uint8Array) => Uint8Array.from({ length: 4 }, (_, i) => bytes[3 - i]!);
    const source = new ZipReader(
      encodeTorchFile(new StateDict(new Map([["x", { shape: [1], values: Float32Array.of(1.5) }]]))),
      "source",
    );
    const archive = writeZip([
      { name: "a/data.pkl", bytes: source.read("archive/data.pkl")! },
      { name: "a/byteorder", bytes: text("big") },
      { name: "a/data/0", bytes: swap(source.read("archive/data/0")!) },
    ]);
    expect([...decodeWeights(archive).entries.get("x")!.values]).toEqual([1.5]);
  });
});
