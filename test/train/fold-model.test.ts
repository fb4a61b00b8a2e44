/** One number of multiply-adds: a model that is folded from its file counts them at the size of its own pictures, as its training did. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import { createModel, summarize } from "../../src/models/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { foldAt, foldLoaded } from "../../src/train/checkpoints/fold-model.js";
import { loadModelFile, saveModelFile } from "../../src/train/checkpoints/model-file.js";

it("of a 32-pixel model 32 pixels, of one that says nothing its recipe's, of one that is asked for what is asked", async () => {
  await setBackend("wasm", { threads: 1 });
  const folder = mkdtempSync(join(tmpdir(), "tensorone-fold-"));
  try {
    const path = join(folder, "small.safetensors");
    const trained = createModel("mobileone_s0", { numClasses: 3, seed: 0 }).eval();
    await saveModelFile(path, trained, { recipe: mobileoneS0Demo, classes: ["a", "b", "c"] });
    const loaded = await loadModelFile(path);
    const macsAt = (imageSize: number): number => {
      const { convMacs, linearMacs } = summarize("mobileone_s0", { numClasses: 3, imageSize }).totals.deploy;
      return convMacs + linearMacs;
    };
    const folded = await foldLoaded(loaded);
    expect(folded.certificate.deploy.macs).toBe(macsAt(32));
    expect(folded.certificate.deploy).toEqual((await foldAt(trained, 32)).certificate.deploy);
    expect((await foldLoaded(loaded, 64)).certificate.deploy.macs).toBe(macsAt(64));
    const silent = { model: loaded.model, info: { ...loaded.info, images: null } };
    expect((await foldLoaded(silent)).certificate.deploy.macs).toBe(macsAt(224));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
