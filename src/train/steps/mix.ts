/**
 * mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019): every picture of a batch mixed with another one of it, and their labels
 * with the same shares. As mmpretrain does it: one share and one random order a batch, shares from Beta(α, α), CutMix's share corrected
 * by the area of the box that is left of it at the border. What chance decides is drawn on the host; the device mixes.
 */
import { indexSelect } from "../../chapters/indexing.js";
import { drawBeta } from "../../data/beta.js";
import { MersenneTwister, randomPermutation, sampleSeed } from "../../data/random.js";
import type { BatchAugments } from "../../models/recipe-choices.js";
import * as F from "../../ops/functional/index.js";
import { tensor } from "../../tensor/create.js";
import { scope } from "../../tensor/scope.js";
import { showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError, UsageError } from "../../util/errors.js";

/** Half-open ranges of rows and columns. */
export interface MixBox {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** What is drawn for a batch. */
export interface Mix {
  /** λ, the share of a picture's own label. */
  readonly share: number;
  /** Which picture each one is mixed with. */
  readonly order: Uint32Array;
  /** What comes from the other picture, of CutMix; null: all of both, by their shares. */
  readonly box: MixBox | null;
}

/** Sizes of a batch. */
export interface BatchSize {
  readonly size: number;
  readonly height: number;
  readonly width: number;
}

/** Keeps these draws apart from those of pictures with the same seed. */
const STREAM = 0x6d697875;

const cut = (at: number, end: number): number => Math.min(end, Math.max(0, at));

/** The box of 1 − `share` of the area about a point, cut at the border (CutMix, equation 2). */
export function boxAround(
  share: number,
  [y, x]: readonly [number, number],
  { height, width }: Pick<BatchSize, "height" | "width">,
): MixBox {
  const side = Math.sqrt(1 - share);
  const [halfHeight, halfWidth] = [Math.trunc(height * side) >> 1, Math.trunc(width * side) >> 1];
  return {
    top: cut(y - halfHeight, height),
    bottom: cut(y + halfHeight, height),
    left: cut(x - halfWidth, width),
    right: cut(x + halfWidth, width),
  };
}

/** The mix of a batch: a function of the run's seed, the step and the place in it, so that a resumed run needs no state of it. */
export function drawMix(
  augments: BatchAugments,
  size: BatchSize,
  at: { readonly seed: number; readonly step: number; readonly place: number },
): Mix {
  const rng = new MersenneTwister(sampleSeed(at.seed ^ STREAM, at.step, at.place));
  const { mixup, cutmix, probability, switchProbability } = augments;
  const isMixed = rng.double() < probability;
  const isSwitched = rng.double() < switchProbability;
  const isCut = cutmix !== undefined && (mixup === undefined || isSwitched);
  const alpha = isCut ? cutmix : mixup;
  if (!isMixed || alpha === undefined)
    return { share: 1, order: Uint32Array.from({ length: size.size }, (_, i) => i), box: null };
  const share = drawBeta(rng, alpha, alpha);
  const order = randomPermutation(size.size, rng.next32());
  if (!isCut) return { share, order, box: null };
  const box = boxAround(share, [rng.randint(size.height), rng.randint(size.width)], size);
  return { share: shareLeft(box, size), order, box };
}

/** The share of a picture's area that a box leaves of it. */
export const shareLeft = (box: MixBox, { height, width }: Pick<BatchSize, "height" | "width">): number =>
  1 - ((box.bottom - box.top) * (box.right - box.left)) / (height * width);

/** A mix as tensors, so that one recorded step does any of them. */
export interface MixTensors {
  /** int32 [N]. */
  readonly order: Tensor;
  /** Of each sample of a picture, the share of its own and of the other picture: [H, W, 3]. */
  readonly own: Tensor;
  readonly other: Tensor;
  /** Of the labels, [1]. */
  readonly share: Tensor;
  readonly rest: Tensor;
}

const CHANNELS = 3;

/** [H, W, 3]: `inside` in the box, `outside` elsewhere; everywhere `inside` without a box. */
function samples({ height, width }: BatchSize, box: MixBox | null, inside: number, outside: number): Tensor {
  const values = new Float32Array(height * width * CHANNELS).fill(box ? outside : inside);
  if (box)
    for (let y = box.top; y < box.bottom; y++)
      values.fill(inside, (y * width + box.left) * CHANNELS, (y * width + box.right) * CHANNELS);
  return tensor(values, [height, width, CHANNELS]);
}

/** The tensors of a mix; outside of the compiled step. */
export function mixTensors({ share, order, box }: Mix, size: BatchSize): MixTensors {
  return {
    order: tensor(Int32Array.from(order)),
    own: box ? samples(size, box, 0, 1) : samples(size, null, share, 0),
    other: box ? samples(size, box, 1, 0) : samples(size, null, 1 - share, 0),
    share: tensor(Float32Array.of(share)),
    rest: tensor(Float32Array.of(1 - share)),
  };
}

/** images [N, H, W, 3] mixed with each other. */
export const mixImages = (images: Tensor, { order, own, other }: MixTensors): Tensor =>
  scope(() => F.add(F.mul(images, own), F.mul(indexSelect(images, 0, order), other)));

/** labels [N] -> probabilities of all classes [N, classes]. */
export const mixLabels = (labels: Tensor, classes: number, { order, share, rest }: MixTensors): Tensor =>
  scope(() => {
    const hard = F.oneHot(labels, classes);
    return F.add(F.mul(hard, share), F.mul(indexSelect(hard, 0, order), rest));
  });

/** The label that each mixed picture has most of, which the train log's accuracy asks for. */
export const mostlyLabels = ({ share, order }: Mix, labels: Int32Array): Int32Array =>
  share >= 0.5 ? labels : Int32Array.from(order, (i) => labels[i]!);

/** How a batch is mixed, and by which draw. */
export interface MixOptions extends Partial<BatchAugments> {
  readonly numClasses: number;
  /** Of the run. Default 0. */
  readonly seed?: number;
  /** Another one is another draw. Default 0. */
  readonly step?: number;
}

/**
 * A batch mixed with itself by mixup, CutMix or one of both, for steps of one's own: images [N, H, W, 3] and labels [N] -> mixed images
 * and probabilities of all classes [N, numClasses]. `train` does the same where its recipe has `batchAugments`. Zhang et al. 2018,
 * "mixup"; Yun et al. 2019, "CutMix". Throws UsageError where neither α is above 0.
 *
 * @example
 * ```ts
 * const batch = mixBatch(rand([4, 32, 32, 3]), tensor(Int32Array.of(3, 1, 4, 1)), { numClasses: 10, mixup: 0.2, cutmix: 1 });
 * const loss = nn.crossEntropy(randn([4, 10]), batch.labels);
 * console.log(batch.images.shape, batch.labels.shape, loss.shape); // [4, 32, 32, 3] [4, 10] []
 * ```
 */
export function mixBatch(
  images: Tensor,
  labels: Tensor,
  { numClasses, mixup, cutmix, probability = 1, switchProbability = 0.5, seed = 0, step = 0 }: MixOptions,
): { readonly images: Tensor; readonly labels: Tensor } {
  if (![mixup, cutmix].some((alpha) => alpha !== undefined && alpha > 0))
    throw new UsageError(`mixBatch: mixup is ${mixup}, cutmix ${cutmix}, expected one of them above 0`);
  const [size, height, width, channels] = images.shape;
  if (images.rank !== 4 || channels !== CHANNELS || !labels.hasShape([size!]))
    throw new ShapeError(
      `mixBatch: images ${showShape(images.shape)} and labels ${showShape(labels.shape)}, expected [N, H, W, 3] and [N]`,
    );
  const batch = { size: size!, height: height!, width: width! };
  const augments = {
    ...(mixup ? { mixup } : {}),
    ...(cutmix ? { cutmix } : {}),
    ...{ probability, switchProbability },
  };
  return scope(() => {
    const tensors = mixTensors(drawMix(augments, batch, { seed, step, place: 0 }), batch);
    return { images: mixImages(images, tensors), labels: mixLabels(labels, numClasses, tensors) };
  });
}
