/** What is no file of weights is named by its content, whatever it is called, before anything of it is believed. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { models, setBackend } from "../../src/index.js";
import { writeZip } from "../../src/io/torch-checkpoint/zip-writer.js";
import { decodeWeights, encodeOnnx, encodeSafetensors } from "../../src/models/files/index.js";
import { loadModelFile } from "../../src/node.js";
import { CheckpointError } from "../../src/util/errors.js";

const folder = mkdtempSync(join(tmpdir(), "tensorone-foreign-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const bytes = (...pieces: readonly (string | readonly number[] | Uint8Array)[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : Buffer.from(piece))),
    ),
  );
const padded = (...pieces: readonly (string | readonly number[])[]): Uint8Array =>
  bytes(...pieces, new Uint8Array(2000));
const archive = (...names: readonly string[]) => writeZip(names.map((name) => ({ name, bytes: bytes("x") })));
const file = encodeSafetensors(new Map([["x", { shape: [2], values: Float32Array.of(1, 2) }]]));

const rows: readonly (readonly [what: RegExp, content: Uint8Array])[] = [
  [/an empty file/, bytes()],
  [
    /a pointer of Git LFS/,
    bytes("version https://git-lfs.github.com/spec/v1\noid sha256:", "a".repeat(64), "\nsize 8500000\n"),
  ],
  [/an HTML or XML page/, bytes("<!DOCTYPE html>\n<html><body>Sign in</body></html>")],
  [/an HTML or XML page/, bytes('\n <?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
  [/compressed by gzip/, gzipSync(Buffer.alloc(4096, "weights"))],
  [/compressed by bzip2/, padded("BZh91AY&SY")],
  [/compressed by xz/, padded("\xfd7zXZ\0\0")],
  [/compressed by zstd/, padded([0x28, 0xb5, 0x2f, 0xfd, 4])],
  [/a 7z archive/, padded("7z\xbc\xaf\x27\x1c")],
  [/a tar archive/, bytes("weights.pth", new Uint8Array(246), "ustar\x0000", new Uint8Array(2000))],
  [/a JPEG picture/, padded([0xff, 0xd8, 0xff, 0xe0, 0, 16], "JFIF")],
  [/a PNG picture/, padded("\x89PNG\r\n\x1a\n")],
  [/a WebP picture/, padded("RIFF\x10\0\0\0WEBPVP8 ")],
  [/an HDF5 file/, padded("\x89HDF\r\n\x1a\n\0\0\0\0")],
  [/a TensorFlow Lite model/, padded([0x1c, 0, 0, 0], "TFL3")],
  [
    /the index of a TensorFlow checkpoint/,
    bytes([0, 0, 2, 0x0a], new Uint8Array(40), "\x57\xfb\x80\x8b\x24\x75\x47\xdb"),
  ],
  [/the list of TensorFlow's checkpoints/, bytes('model_checkpoint_path: "model.ckpt-1000"\n')],
  [/a SavedModel of TensorFlow/, padded([8, 1, 0x12, 0x90, 3])],
  [/an array of NumPy/, padded("\x93NUMPY\x01\0")],
  [/a GGUF file/, padded("GGUF\x03\0\0\0")],
  [
    /: JSON, expected weights/,
    bytes('{\n "format": "tensorone-checkpoint-1",\n "tensors": "step_000010.safetensors"\n}'),
  ],
  [/a pickle of protocol 0 or 1/, bytes("(dp0\nVweight\np1\nI1\ns.")],
  [/: zeros, as of a download/, new Uint8Array(4096)],
  [/: text, expected weights/, bytes("mobileone_s0 top1 71.4 top5 89.9\n")],
  [/a model of Keras \(\.keras\) without data\.pkl/, archive("config.json", "metadata.json", "model.weights.h5")],
  [/arrays of NumPy \(\.npz\) without data\.pkl/, archive("weight.npy", "bias.npy")],
  [/a ZIP archive of pictures without data\.pkl/, archive("train/cat/1.jpg")],
  [/a pickle, but not one that torch\.save wrote/, bytes([0x80, 2, 0x4b, 1, 0x2e, 0x80, 2, 0x4b, 2, 0x2e])],
  [/the header claims \d+ bytes, the file has 22/, file.subarray(0, 30)],
  [/the tensors? takes? 8 bytes|reach outside the 4 bytes of data/, file.subarray(0, -4)],
  [/neither a safetensors file nor one of torch\.save, its first bytes are 78 9c/, deflateSync(Buffer.alloc(100, "x"))],
];

describe("decodeWeights and loadModelFile say what it is", () => {
  it.each(rows)("%s", async (what, content) => {
    const path = join(folder, "weights.pth");
    writeFileSync(path, content);
    const errors: unknown[] = [];
    try {
      decodeWeights(content, path);
    } catch (error) {
      errors.push(error);
    }
    await loadModelFile(path).catch((error: unknown) => errors.push(error));
    expect(errors).toHaveLength(2);
    for (const error of errors) {
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as CheckpointError).summary).toMatch(what);
      expect((error as CheckpointError).summary).toContain(path);
      expect((error as CheckpointError).hint).toBeDefined();
    }
  });

  it("an ONNX graph that export wrote", async () => {
    await setBackend("reference");
    const model = models.createModel("mobileone_s0", { numClasses: 2, deploy: true, init: "zeros" }).eval();
    const images = { imageSize: 32, resize: 32, mean: [0, 0, 0], std: [1, 1, 1] };
    const { bytes: graph } = await encodeOnnx(model, { preprocessing: images });
    expect(() => decodeWeights(graph, "s0.pth")).toThrow("s0.pth: an ONNX graph, expected weights");
  });

  it("and takes what is one: metadata that is null counts as absent", () => {
    const header = '{"__metadata__":null,"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    const length = new Uint8Array(8);
    new DataView(length.buffer).setUint32(0, header.length, true);
    expect(decodeWeights(bytes(length, header, [7]))).toMatchObject({ container: "safetensors", metadata: {} });
  });
});
