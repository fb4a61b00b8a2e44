/** The table of published weights: every row complete, of a model that is here, and cited. */
import { describe, expect, it } from "vitest";
import { parseAddress } from "../../src/hub/address.js";
import { findPublished, publishedWeights } from "../../src/hub/published.js";
import { listModels } from "../../src/models/index.js";
import { cacheFolder } from "../../src/util/cache-folder.js";

describe("published weights", () => {
  it("name each a model, a source and a stated accuracy, once", () => {
    const models: readonly string[] = listModels();
    for (const { name, model, source, top1 } of publishedWeights) {
      expect(models, name).toContain(model);
      expect(source, name).toMatch(/^[\w.-]+\/[\w.-]+[ ,]/);
      expect(top1, name).toBeGreaterThan(60);
      expect(top1, name).toBeLessThan(85);
    }
    expect(new Set(publishedWeights.map(({ name }) => name)).size).toBe(publishedWeights.length);
  });

  it("have a hash, or come from a hub that states it", () => {
    for (const { name, address, sha256 } of publishedWeights)
      if (sha256 === null) expect(address, name).toMatch(/^hf:\/\//);
      else expect(address, name).toContain(`-${sha256}.pth`);
  });

  it("know every model by its bare name", () => {
    for (const model of listModels()) expect(findPublished(model)?.model).toBe(model);
    const address = parseAddress("resnet18", {});
    expect(address).toMatchObject({
      url: "https://download.pytorch.org/models/resnet18-f37072fd.pth",
      sha256: "f37072fd",
    });
  });
});

describe("the cache", () => {
  it("is where the user says, or where caches are", () => {
    expect(cacheFolder({ TENSORONE_CACHE: "/x", XDG_CACHE_HOME: "/y" })).toBe("/x");
    expect(cacheFolder({ XDG_CACHE_HOME: "/y" }, "linux")).toBe("/y/tensorone");
    expect(cacheFolder({ LOCALAPPDATA: "/z" }, "win32")).toBe("/z/tensorone");
    expect(cacheFolder({}, "linux")).toMatch(/\.cache\/tensorone$/);
  });
});
