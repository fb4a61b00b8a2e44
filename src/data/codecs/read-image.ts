/**
 * A picture, wherever it comes from, as pixels: Node's decoders in Node, the browser's in a tab. Neither is part of the other's
 * bundle.
 */
import { DataError } from "../../util/errors.js";
import type { BlobLike } from "../../util/host-types.js";
import { isNode } from "../../util/platform.js";
import { type Image, isImage } from "./image.js";
import { pictureInTab } from "./picture-in-tab.js";

/** A path (in Node), the bytes of a JPEG or PNG file, a Blob or File, or pixels that are decoded already. */
export type PictureInput = string | Uint8Array | ArrayBuffer | BlobLike | Image;

/** What `#pictures` is in Node: read-picture.ts, which a bundle for a browser must not name. */
interface NodePictures {
  /** null in a bundle for browsers. */
  readonly readPicture: ((source: string | Uint8Array) => Promise<Image>) | null;
}

const isBlob = (value: object): value is BlobLike => typeof (value as Partial<BlobLike>).arrayBuffer === "function";

function expectInput(where: string, source: PictureInput): void {
  if (typeof source === "string") {
    if (isNode) return;
    throw new DataError(
      `${where}: "${source.slice(0, 80)}" is a path, expected bytes or a Blob: a tab has no files`,
      `await ${where === "classify" ? "classify(model, " : "readImage("}await (await fetch(url)).blob())`,
    );
  }
  const isObject = typeof source === "object" && source !== null;
  if (isObject && (source instanceof Uint8Array || source instanceof ArrayBuffer || isBlob(source) || isImage(source)))
    return;
  throw new DataError(
    `${where}: a picture of type ${source === null ? "null" : typeof source}, expected a path, bytes, a Blob or { width, height, channels: 3, data }`,
    "pixels of a canvas are RGBA: readImage(blob) decodes to RGB",
  );
}

/**
 * Decodes a picture to 8-bit RGB, [H, W, 3], upright by EXIF: in Node by the fastest installed decoder, in a tab by the browser's,
 * whose pixels may differ by a few levels. Throws DataError for what cannot be read, and for a path in a tab.
 *
 * @example
 * <!-- test: given picture from test/docs/given/images.ts -->
 * ```ts
 * const { width, height } = await readImage(picture); // or readImage("cat.jpg"), readImage(blob)
 * console.log(width, height); // 32 32
 * ```
 */
export async function readImage(source: PictureInput, where = "readImage"): Promise<Image> {
  expectInput(where, source);
  if (typeof source === "object" && isImage(source)) return source;
  if (!isNode)
    return pictureInTab(source instanceof ArrayBuffer ? new Uint8Array(source) : (source as Uint8Array | BlobLike));
  const encoded = typeof source === "object" && isBlob(source) ? await source.arrayBuffer() : source;
  // "as string" for the compiler alone, which would look for it in dist/
  const { readPicture } = (await import("#pictures" as string)) as NodePictures;
  if (readPicture === null)
    throw new DataError(
      `${where}: Node's decoders were asked for in a bundle for browsers`,
      "bundle for Node with its condition (esbuild --platform=node)",
    );
  return readPicture(encoded instanceof ArrayBuffer ? new Uint8Array(encoded) : (encoded as string | Uint8Array));
}
