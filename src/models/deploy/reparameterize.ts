/**
 * From the training form to the deploy form: a new model without branches and batch norms, and the certificate that it
 * answers alike. The source is left alone. Folding is done in float64 and rounded once to the model's dtype.
 */
import { BatchNorm2d } from "../../nn/batch-norm.js";
import type { Module } from "../../nn/module.js";
import { randn } from "../../ops/functional/index.js";
import { findNonFiniteTensor, showNonFinite } from "../../tensor/finite.js";
import { showShape } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";
import { Classifier } from "../classifier.js";
import { familyOfModel } from "../families.js";
import { type Certificate, certify } from "./certificate.js";
import { copyState, FoldError } from "./fold.js";

/** A random batch that the two forms of a model are compared on. */
export interface ProbeOptions {
  /** Images of standard normal noise. Default 8. */
  readonly batchSize?: number;
  /** Their sides. Default 64: the folding does not depend on it. */
  readonly imageSize?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** What the two forms of a model are compared on. */
export interface ReparameterizeOptions {
  /** A batch [N, H, W, C] to compare the forms on, or what a random one should be. */
  readonly probe?: Tensor | ProbeOptions;
}

/** A folded model, and the proof of what folding changed. */
export interface Reparameterized {
  /** Deploy form, in evaluation mode. */
  readonly model: Classifier;
  readonly certificate: Certificate;
}

/**
 * Folds a model in evaluation mode into its deploy form. Throws FoldError, with the reason, for a model in training mode,
 * one that is folded already, modules and blocks that no family knows, weights, statistics or outputs that are not finite, and
 * a probe that does not fit.
 *
 * @example
 * ```ts
 * const model = models.createModel("mobileone_s0", { numClasses: 10 }).eval();
 * const { model: deployed, certificate } = await models.reparameterize(model, { probe: { imageSize: 32 } });
 * console.log(deployed.isDeployed, certificate.top1Agreement); // true 1
 * ```
 */
export async function reparameterize(
  model: Module,
  { probe = {} }: ReparameterizeOptions = {},
): Promise<Reparameterized> {
  const { family, source } = expectFoldable(model);
  const batch = probe instanceof Tensor ? probe : noise(probe, source);
  checkProbe(batch, source);
  const { variant, numClasses, inChannels, dtype } = source;
  const deployed = family.create(variant, { numClasses, inChannels, dtype, deploy: true, init: "zeros" }).eval();
  try {
    await expectFinite([["the probe", batch], ...source.stateDict()]);
    for (const [i, block] of source.blocks.entries()) await family.fold(block, deployed.blocks[i]!);
    copyState(source.classifier, deployed.classifier);
    // folded in float64: what is rounded may be too large
    await expectFinite(deployed.stateDict());
    return { model: deployed, certificate: await certify(source, deployed, batch) };
  } catch (error) {
    deployed.dispose();
    throw error;
  } finally {
    if (batch !== probe) batch.dispose();
  }
}

async function expectFinite(tensors: Iterable<readonly [name: string, tensor: Tensor]>): Promise<void> {
  const found = await findNonFiniteTensor(tensors);
  if (!found) return;
  throw new FoldError(
    `reparameterize: ${showNonFinite(found)}, expected finite numbers`,
    "the training diverged or the checkpoint is damaged",
  );
}

function expectFoldable(model: Module) {
  const family = familyOfModel(model);
  if (!family || !(model instanceof Classifier))
    throw new FoldError(
      `reparameterize: a ${model.constructor.name} cannot be folded, expected a model of a family`,
      "createModel makes one",
    );
  if (model.isDeployed)
    throw new FoldError("reparameterize: the model is in deploy form already, there is nothing to fold");
  const training = [...model.namedModules()].find(([, module]) => module instanceof BatchNorm2d && module.training);
  if (training)
    throw new FoldError(
      `reparameterize: the model is in training mode (${training[0]} uses batch statistics), which has no folded form`,
      "call model.eval() first",
    );
  return { family, source: model };
}

function noise({ batchSize = 8, imageSize = 64, seed = 0 }: ProbeOptions, model: Classifier): Tensor {
  return randn([batchSize, imageSize, imageSize, model.inChannels], { dtype: model.dtype, seed });
}

function checkProbe(batch: Tensor, { inChannels, dtype }: Classifier): void {
  if (batch.rank !== 4 || batch.shape[3] !== inChannels || batch.shape[0] === 0 || batch.dtype !== dtype)
    throw new FoldError(
      `reparameterize: the probe is ${showShape(batch.shape)} ${batch.dtype}, expected [N, H, W, ${inChannels}] ${dtype}`,
    );
}
