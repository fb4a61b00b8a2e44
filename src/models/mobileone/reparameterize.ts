/**
 * From the training form to the deploy form: a new model with one convolution per block, and the certificate that it
 * answers alike. The source is left alone. Folding is done in float64 and rounded once to the model's dtype.
 */
import { BatchNorm2d } from "../../nn/batch-norm.js";
import type { Module } from "../../nn/module.js";
import { update } from "../../ops/apply.js";
import { randn } from "../../ops/functional.js";
import { findNonFiniteTensor, showNonFinite } from "../../tensor/finite.js";
import { showShape } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";
import { DeployedBlock, MobileOneBlock } from "./block.js";
import { type Certificate, certify } from "./certificate.js";
import { FoldError, foldBlock } from "./fold.js";
import { MobileOne } from "./mobileone.js";

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
  /** A batch [N, H, W, 3] to compare the forms on, or what a random one should be. */
  readonly probe?: Tensor | ProbeOptions;
}

/** A folded model, and the proof of what folding changed. */
export interface Reparameterized {
  /** Deploy form, in evaluation mode. */
  readonly model: MobileOne;
  readonly certificate: Certificate;
}

/**
 * Folds a MobileOne in evaluation mode into its deploy form. Throws FoldError, with the reason, for a model in training
 * mode, one that is folded already, blocks it does not know, weights, statistics or outputs that are not finite, and a probe
 * that does not fit.
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
  const blocks = foldableBlocks(model);
  const source = model as MobileOne;
  const batch = probe instanceof Tensor ? probe : noise(probe, source);
  checkProbe(batch, source);
  const { variant, numClasses, dtype } = source;
  const deployed = new MobileOne(variant, { numClasses, dtype, deploy: true, init: "zeros" }).eval();
  try {
    await expectFinite([["the probe", batch], ...source.stateDict()]);
    for (const [i, block] of blocks.entries()) await foldInto(deployed.blocks[i] as DeployedBlock, block);
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

async function foldInto(target: DeployedBlock, block: MobileOneBlock): Promise<void> {
  const { weight, bias } = await foldBlock(block);
  target.conv.weight.write(weight);
  target.conv.bias!.write(bias);
  if (block.squeezeExcite) copyState(block.squeezeExcite, target.squeezeExcite!);
}

async function expectFinite(tensors: Iterable<readonly [name: string, tensor: Tensor]>): Promise<void> {
  const found = await findNonFiniteTensor(tensors);
  if (!found) return;
  throw new FoldError(
    `reparameterize: ${showNonFinite(found)}, expected finite numbers`,
    "the training diverged or the checkpoint is damaged",
  );
}

function copyState(from: Module, to: Module): void {
  const source = from.stateDict();
  for (const [name, tensor] of to.stateDict()) update("assign", [tensor, source.get(name)!], {});
}

function foldableBlocks(model: Module): MobileOneBlock[] {
  if (!(model instanceof MobileOne))
    throw new FoldError(`reparameterize: a ${model.constructor.name} cannot be folded, expected a MobileOne`);
  if (model.isDeployed || model.blocks.some((block) => block instanceof DeployedBlock))
    throw new FoldError("reparameterize: the model is in deploy form already, there is nothing to fold");
  const training = [...model.namedModules()].find(([, module]) => module instanceof BatchNorm2d && module.training);
  if (training)
    throw new FoldError(
      `reparameterize: the model is in training mode (${training[0]} uses batch statistics), which has no folded form`,
      "call model.eval() first",
    );
  return model.blocks.map((block) => {
    if (block.constructor !== MobileOneBlock)
      throw new FoldError(
        `reparameterize: ${block.spec.name} is a ${block.constructor.name}, expected a MobileOneBlock`,
        "only plain MobileOne blocks are known to be linear up to their ReLU",
      );
    return block;
  });
}

function noise({ batchSize = 8, imageSize = 64, seed = 0 }: ProbeOptions, model: MobileOne): Tensor {
  return randn([batchSize, imageSize, imageSize, model.blocks[0]!.spec.inChannels], { dtype: model.dtype, seed });
}

function checkProbe(batch: Tensor, model: MobileOne): void {
  const channels = model.blocks[0]!.spec.inChannels;
  if (batch.rank !== 4 || batch.shape[3] !== channels || batch.shape[0] === 0 || batch.dtype !== model.dtype)
    throw new FoldError(
      `reparameterize: the probe is ${showShape(batch.shape)} ${batch.dtype}, expected [N, H, W, ${channels}] ${model.dtype}`,
    );
}
