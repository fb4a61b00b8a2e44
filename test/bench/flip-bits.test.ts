/** A short form of bench/soak/flip-bits: every kind of file, some hundred flips of each, a few by the command line. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { flipBits } from "../../bench/soak/flip-bits.js";

it("every flipped bit is noticed on loading, file and entry named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tensorone-flips-"));
  try {
    const { counts, failures } = await flipBits({ folder, jsonFlips: 500, flips: 300, commands: 3, seed: 1 });
    expect(failures).toEqual([]);
    expect(counts.map(({ what }) => what)).toEqual([
      ...["JSON of a checkpoint", "tensors of a checkpoint", "model file", "shards", "indexes of shards"],
      "files of the command line",
    ]);
    for (const { what, flips, noticed, fileNamed, inEntries, entryNamed } of counts) {
      expect(flips, what).toBeGreaterThanOrEqual(what === "files of the command line" ? 3 : 300);
      expect([noticed, fileNamed, entryNamed], what).toEqual([flips, flips, inEntries]);
    }
    for (const what of ["tensors of a checkpoint", "model file", "shards"])
      expect(counts.find((count) => count.what === what)!.inEntries).toBeGreaterThan(50);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
