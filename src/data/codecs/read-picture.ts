/**
 * A picture from a file or its bytes by the fastest installed decoder, as the command line reads it: what `#pictures` stands for
 * in Node (package.json, imports). Node only.
 */
import { readFile } from "node:fs/promises";
import { DataError } from "../../util/errors.js";
import { type Decoder, loadDecoder } from "./decoder.js";
import type { Image } from "./image.js";

let decoder: Promise<Decoder> | null = null;

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const known: Readonly<Record<string, string>> = { ENOENT: "there is no such file", EISDIR: "it is a folder" };
    throw new DataError(
      `${path}: ${known[code ?? ""] ?? `cannot be read, ${message}`}, expected a JPEG or PNG picture`,
    );
  }
}

/** 8-bit RGB, upright by EXIF. Throws DataError for what cannot be read or decoded. */
export async function readPicture(source: string | Uint8Array): Promise<Image> {
  const bytes = typeof source === "string" ? await bytesOf(source) : source;
  decoder ??= loadDecoder();
  return (await decoder).decode(bytes, typeof source === "string" ? source : "image");
}
