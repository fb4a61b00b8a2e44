/**
 * Writes damaged pictures to a folder, for programs that are to be compared with ours on them:
 * `node build/bench/soak/write-damaged.js FOLDER FIRST COUNT`, with a line of seed, SHA-256, base and kind each.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { damagedPicture } from "./damage-pictures.js";

const [folder = "damaged", first = "0", count = "300"] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const { base, kind, bytes } = damagedPicture(seed);
  writeFileSync(join(folder, `${seed}.jpg`), bytes);
  console.log(`${seed}\t${createHash("sha256").update(bytes).digest("hex")}\t${base}\t${kind}`);
}
