/**
 * The files of shards against their hashes, whole: what a copy did to them, in one line each, before their pictures are decoded. Node
 * only.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { hashFile } from "../../../util/file-hash.js";
import { readSetIndex, SET_INDEX_NAME } from "./index-file.js";
import { isShardSet } from "./shard-set.js";

/** What verify-dataset says of the files of a data set. */
export interface ShardFindings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Of a data set without shards nothing. Throws DataError for a damaged index. */
export async function verifyShards(root: string): Promise<ShardFindings> {
  if (!isShardSet(root)) return { problems: [], warnings: [] };
  const problems: string[] = [];
  const shards = Object.values(readSetIndex(join(root, SET_INDEX_NAME)).splits).flat();
  for (const { file, sha256 } of shards) {
    const path = join(root, file);
    // one that is missing is told by who opens the set
    if (sha256 === undefined || !existsSync(path)) continue;
    const found = (await hashFile(path)).digest("hex");
    if (found !== sha256)
      problems.push(`${path}: its SHA-256 is not the one in ${SET_INDEX_NAME}, the shard is damaged`);
  }
  const isBare = shards.some(({ sha256 }) => sha256 === undefined);
  const warning = `${root}: shards of a version that wrote no hashes: damage shows in decoding alone, prepare makes them anew`;
  return { problems, warnings: isBare ? [warning] : [] };
}
