/** Batch norms as training leaves them: nothing is 0 or 1, so that a folding that forgets a term fails. */
import { BatchNorm2d, type Module } from "../../src/nn/index.js";
import { Random } from "../../src/tensor/random.js";

/** Overwrites γ, β, mean and variance of every batch norm of `model`. */
export function randomizeStatistics(model: Module, seed = 1): void {
  const random = new Random(seed);
  const values = (size: number, low: number, high: number) =>
    Float64Array.from({ length: size }, () => low + (high - low) * random.uniform());
  for (const module of model.namedModules().values()) {
    if (!(module instanceof BatchNorm2d)) continue;
    const { size } = module.weight;
    module.weight.write(values(size, 0.5, 1.5));
    module.bias.write(values(size, -0.3, 0.3));
    module.runningMean.write(values(size, -0.2, 0.2));
    module.runningVar.write(values(size, 0.4, 2));
  }
}
