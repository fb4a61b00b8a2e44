/**
 * From the deploy form to a training form that answers alike, for weights of which only the folded ones are there: every block's
 * convolution becomes the first branch, its batch norm that of what the convolution gives for a probe, and the other branches
 * begin at zero. Folding takes it back, up to rounding.
 */
import { noGrad } from "../../autograd/tape.js";
import { scope } from "../../tensor/scope.js";
import { showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Classifier } from "../classifier.js";
import { familyOfModel } from "../families.js";
import { copyState, FoldError } from "./fold.js";

/** How the branches that begin at zero are filled. */
export interface UnfoldOptions {
  /** Of their random kernels. Default 0. */
  readonly seed?: number;
}

/**
 * The training form of a folded model, which answers as the model does: `probe` [N, H, W, C] are normalised pictures, from which the
 * statistics of the batch norms come, so that training begins where the model is. Throws FoldError for a model in training form or of
 * a family that has one form only, and for a probe that does not fit.
 *
 * @example
 * ```ts
 * const folded = models.createModel("mobileone_s0", { numClasses: 3, deploy: true }).eval();
 * const model = await models.unfold(folded, rand([4, 32, 32, 3]));
 * console.log(model.isDeployed); // false
 * ```
 */
export async function unfold(model: Classifier, probe: Tensor, { seed = 0 }: UnfoldOptions = {}): Promise<Classifier> {
  const family = familyOfModel(model);
  if (!(model instanceof Classifier) || !family?.unfold)
    throw new FoldError(`unfold: a ${model.constructor.name} has no folded form to begin from`);
  if (!model.isDeployed) throw new FoldError("unfold: the model is in training form already");
  if (probe.rank !== 4 || probe.shape[3] !== model.inChannels || probe.shape[0] === 0)
    throw new FoldError(`unfold: the probe is ${showShape(probe.shape)}, expected [N, H, W, ${model.inChannels}]`);
  const { variant, numClasses, inChannels, dtype } = model;
  const unfolded = family.create(variant, { numClasses, inChannels, dtype, seed }).eval();
  try {
    let x = probe;
    for (const [i, block] of model.blocks.entries()) {
      await family.unfold(block, unfolded.blocks[i]!, x);
      const input = x;
      x = noGrad(() => scope(() => block.forward(input)));
      if (input !== probe) input.dispose();
    }
    if (x !== probe) x.dispose();
    copyState(model.classifier, unfolded.classifier);
    return unfolded;
  } catch (error) {
    unfolded.dispose();
    throw error;
  }
}
