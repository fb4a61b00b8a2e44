/**
 * What `#pictures` stands for outside Node (package.json, imports): nothing. Bundlers for a browser take this file, and leave the
 * decoders and their node: imports out; a tab decodes by itself (picture-in-tab.ts).
 */
import { DataError } from "../../util/errors.js";

/** Throws DataError: only Node has files, and the decoders that read them. */
export function readPicture(): never {
  throw new DataError(
    "readImage: Node's decoders were asked for in a bundle for browsers",
    "bundle for Node with its condition (esbuild --platform=node)",
  );
}
