/** The hash of a file that is read in pieces. Node only. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { namingPath } from "./io-error.js";

/** `hash` with the bytes of the file added to it. Default: a new SHA-256. */
export async function hashFile(path: string, hash: Hash = createHash("sha256")): Promise<Hash> {
  return namingPath(path, async () => {
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
    return hash;
  });
}
