/** A folded model as a training form that answers alike and folds back. */
import { beforeAll, describe, expect, it } from "vitest";
import { models, rand, setBackend } from "../../src/index.js";
import { filledModel } from "./filled.js";

const SIDE = 32;

describe("unfold", () => {
  beforeAll(async () => void (await setBackend("wasm")));
  it("answers as the folded model, and folds back to its weights", async () => {
    const trained = (await filledModel("mobileone_s0", 3, 1, "float32")).eval();
    const { model: folded } = await models.reparameterize(trained, { probe: { imageSize: SIDE, batchSize: 2 } });
    const probe = rand([6, SIDE, SIDE, 3], { seed: 1 });
    const unfolded = await models.unfold(folded, probe);
    const { model: again, certificate } = await models.reparameterize(unfolded.eval(), { probe });
    expect(certificate.relativeError).toBeLessThan(1e-4);
    const wanted = await folded.forward(probe).data();
    const got = await again.forward(probe).data();
    const largest = Math.max(...Array.from(wanted, (value) => Math.abs(Number(value))));
    for (const [i, value] of Array.from(wanted).entries())
      expect(Math.abs(Number(got[i]) - Number(value))).toBeLessThan(1e-4 * largest);
  });

  it("begins to train where the folded model is: statistics of the probe are those of its first batch", async () => {
    const folded = models.createModel("mobileone_s0", { numClasses: 3, deploy: true, seed: 4 }).eval();
    const probe = rand([8, SIDE, SIDE, 3], { seed: 2 });
    const unfolded = await models.unfold(folded, probe);
    const evaluated = Array.from(await unfolded.forward(probe).data(), Number);
    const trained = Array.from(await unfolded.train().forward(probe).data(), Number);
    const scale = Math.max(...evaluated.map(Math.abs));
    // unbiased against biased variances: 1 in the number of places, eight at the last stage
    for (const [i, value] of evaluated.entries()) expect(Math.abs(trained[i]! - value)).toBeLessThan(0.2 * scale);
  });

  it("says why it cannot", async () => {
    const probe = rand([2, SIDE, SIDE, 3]);
    await expect(models.unfold(models.createModel("mobileone_s0", { init: "zeros" }), probe)).rejects.toThrow(
      /in training form already/,
    );
    const resnet = models.createModel("resnet18", { deploy: true, init: "zeros" }).eval();
    await expect(models.unfold(resnet, probe)).rejects.toThrow(/no folded form/);
    const folded = models.createModel("mobileone_s0", { deploy: true, init: "zeros" }).eval();
    await expect(models.unfold(folded, rand([2, SIDE, SIDE, 1]))).rejects.toThrow(/expected \[N, H, W, 3\]/);
  });
});
