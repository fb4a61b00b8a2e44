/**
 * Packs demo/fashion-mnist into demo/shards, which the package carries in place of 2,500 files: WebDataset tars by our own
 * `prepare`, compressed, since the header of a tar entry and the tables of a JPEG are larger than a picture of 28x28.
 * `npm pack` calls it, after the build.
 * Usage: node scripts/make-demo-shards.mjs [TARGET_DIR]
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { writeSetIndex } from "../dist/data/sets/shards/index-file.js";
import { prepareShards } from "../dist/node.js";

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const target = process.argv[2] ?? fromRoot("demo/shards");

const out = mkdtempSync(join(dirname(target), ".shards-"));
try {
  const options = { format: "jpeg", decoder: "jpeg-js", workers: 0, shardImages: 2500 };
  await prepareShards({ data: fromRoot("demo/fashion-mnist"), out, ...options });
  const indexFile = join(out, "shards.json");
  const index = JSON.parse(readFileSync(indexFile, "utf8"));
  for (const shard of Object.values(index.splits).flat()) {
    const tar = join(out, shard.file);
    const packed = gzipSync(readFileSync(tar), { level: 9 });
    writeFileSync(`${tar}.gz`, packed);
    rmSync(tar);
    shard.file += ".gz";
    shard.bytes = packed.length;
    shard.sha256 = createHash("sha256").update(packed).digest("hex");
  }
  writeFileSync(indexFile, writeSetIndex({ classes: index.classes, resized: index.resized, splits: index.splits }));
  rmSync(target, { recursive: true, force: true });
  renameSync(out, target);
} finally {
  rmSync(out, { recursive: true, force: true });
}
