/** Layers, losses and initialisation: the `nn` of the public face. */

export { manualSeed } from "../tensor/random.js";
export { ReLU, Sigmoid } from "./activation.js";
export { type AttentionMasks, MultiheadAttention, type MultiheadAttentionOptions } from "./attention.js";
export { BatchNorm2d, type BatchNorm2dOptions } from "./batch-norm.js";
export { Conv2d, type Conv2dLayerOptions } from "./conv.js";
export type { ForwardHook, HookHandle } from "./hooks.js";
export { defaultInit, type InitializeOptions, type InitRule, type InitRules, initialize } from "./init.js";
export {
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm2d,
  LayerNorm,
  type LayerNormLayerOptions,
} from "./layer-norm.js";
export { Linear, type LinearOptions } from "./linear.js";
export {
  type ClassLossOptions,
  type CrossEntropyOptions,
  crossEntropy,
  type FocalLossOptions,
  focalLoss,
  nllLoss,
} from "./loss.js";
export {
  BCELoss,
  BCEWithLogitsLoss,
  CosineEmbeddingLoss,
  CrossEntropyLoss,
  FocalLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
  TripletMarginLoss,
} from "./loss-layers.js";
export { Module } from "./module.js";
export {
  buffer,
  type FloatDType,
  type LayerOptions,
  type Parameter,
  type ParameterRole,
  parameter,
} from "./parameter.js";
export {
  type BinaryLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type HuberOptions,
  huberLoss,
  type KlDivOptions,
  klDiv,
  l1Loss,
  mseLoss,
  type SigmoidFocalOptions,
  type SmoothL1Options,
  sigmoidFocalLoss,
  smoothL1Loss,
} from "./pointwise-losses.js";
export { GlobalAvgPool, MaxPool2d, type MaxPool2dOptions } from "./pool.js";
export type { Reduction, ReductionOptions, WeightedOptions } from "./reduction.js";
export { chain, Sequential } from "./sequential.js";
export {
  type CosineSimilarityOptions,
  cosineEmbeddingLoss,
  cosineSimilarity,
  type MarginOptions,
  type TripletOptions,
  tripletMarginLoss,
} from "./similarity-losses.js";
export { SqueezeExcite, type SqueezeExciteOptions } from "./squeeze-excite.js";
export { compareStates, type LoadReport, type StateDict, type StateDifference, type StateSpec } from "./state-dict.js";
export { PixelShuffle, PixelUnshuffle, Upsample } from "./upsample.js";
