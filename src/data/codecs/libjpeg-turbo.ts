/**
 * JPEG pixels by libjpeg-turbo itself, compiled to WebAssembly: the package @cwasm/jpeg-turbo. Its module is
 * driven here through TurboJPEG's C interface rather than by the package's own function, which knows RGBA only, takes
 * no four-component files and loses its memory whenever a file is damaged. Node only.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { DataError } from "../../util/errors.js";
import { createImage } from "./image.js";
import { inksToRgb } from "./inks.js";
import { jpegJsPixels } from "./jpeg.js";
import type { JpegPixels } from "./jpeg-verdict.js";

/** TurboJPEG's pixel formats (turbojpeg.h, enum TJPF). */
const formats = { rgb: { code: 0, channels: 3 }, cmyk: { code: 11, channels: 4 } };

/** What the module exports. Addresses are 32-bit byte offsets into `memory`. */
interface TurboJpeg {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  tjInitDecompress(): number;
  /** Writes width, height, subsampling and colour space, 32 bits each, to the four addresses. */
  tjDecompressHeader3(handle: number, file: number, fileBytes: number, ...to: readonly number[]): number;
  tjDecompress2(
    ...args: [handle: number, file: number, fileBytes: number, pixels: number, width: number, ...rest: number[]]
  ): number;
  free(address: number): void;
}

/** A module whose memory has grown beyond this by one huge picture is started afresh. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Compiles the package's module; throws DataError with the install line if it is missing. */
export async function loadLibjpegTurbo(): Promise<JpegPixels<ReturnType<typeof createImage>>> {
  const module = await WebAssembly.compile(await readFile(locate()));
  let instance: Instance | undefined;
  return (bytes, header, path) => {
    const { width, height, components } = header;
    const format = components.length === 4 ? formats.cmyk : formats.rgb;
    let result: Uint8Array | undefined;
    try {
      instance ??= start(module);
      result = instance.decompress(bytes, width, height, format);
    } catch {
      // libjpeg's fatal errors leave by longjmp, which abandons the instance in mid-flight
      instance = undefined;
    }
    if (instance !== undefined && instance.bytes() > KEPT_BYTES) instance = undefined;
    // a file that was found plain: jpeg-js has words for what is wrong with it all the same
    if (result === undefined) return jpegJsPixels(bytes, header, path);
    return createImage(width, height, format === formats.cmyk ? inksToRgb(result) : result);
  };
}

function locate(): string {
  try {
    return createRequire(import.meta.url).resolve("@cwasm/jpeg-turbo/jpeg-turbo.wasm");
  } catch {
    throw new DataError(
      "decoder libjpeg-turbo: no package @cwasm/jpeg-turbo, expected it to be installed",
      "npm i @cwasm/jpeg-turbo",
    );
  }
}

interface Instance {
  bytes(): number;
  decompress(file: Uint8Array, width: number, height: number, format: typeof formats.rgb): Uint8Array;
}

function start(module: WebAssembly.Module): Instance {
  const leave = () => {
    throw new Error("libjpeg-turbo gave up");
  };
  const none = () => 0;
  const { exports } = new WebAssembly.Instance(module, {
    env: { setjmp: none, longjmp: leave },
    wasi_snapshot_preview1: {
      environ_sizes_get: none,
      environ_get: none,
      proc_exit: leave,
      fd_close: none,
      fd_seek: none,
      fd_write: none,
    },
  });
  const turbo = exports as unknown as TurboJpeg;
  const handle = turbo.tjInitDecompress();
  const fieldsAt = turbo.malloc(16);
  const fieldAddresses = [0, 4, 8, 12].map((offset) => fieldsAt + offset);
  const allocate = (bytes: number): number => {
    const address = turbo.malloc(bytes);
    if (address === 0) throw new Error(`no ${bytes} bytes`);
    return address;
  };
  return {
    bytes: () => turbo.memory.buffer.byteLength,
    decompress(file, width, height, { code, channels }) {
      const fileAt = allocate(file.length);
      const pixelsAt = allocate(width * height * channels);
      new Uint8Array(turbo.memory.buffer, fileAt, file.length).set(file);
      // room was made for the size our own header scan found: libjpeg's must be the same. Its status is of no use here,
      // since it complains about sampling that has no name in TurboJPEG, which decodes all the same
      new Uint32Array(turbo.memory.buffer, fieldsAt, 2).fill(0);
      turbo.tjDecompressHeader3(handle, fileAt, file.length, ...fieldAddresses);
      const [ownWidth, ownHeight] = new Uint32Array(turbo.memory.buffer, fieldsAt, 2);
      if (ownWidth !== width || ownHeight !== height) throw new Error(`libjpeg sees ${ownWidth}x${ownHeight} pixels`);
      turbo.tjDecompress2(handle, fileAt, file.length, pixelsAt, width, width * channels, height, code, 0);
      const samples = new Uint8Array(turbo.memory.buffer, pixelsAt, width * height * channels).slice();
      turbo.free(pixelsAt);
      turbo.free(fileAt);
      return samples;
    },
  };
}
