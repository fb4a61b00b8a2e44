/** Layers, losses and initialisation: the `nn` of the public face. */

export { manualSeed } from "../tensor/random.js";
export {
  CELU,
  ELU,
  GELU,
  Hardshrink,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  LogSigmoid,
  LogSoftmax,
  Mish,
  PReLU,
  type PReLUOptions,
  ReLU,
  ReLU6,
  SELU,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Softshrink,
  Softsign,
  Tanh,
  Tanhshrink,
} from "./activation.js";
export { type AttentionMasks, MultiheadAttention, type MultiheadAttentionOptions } from "./attention.js";
export { BatchNorm1d, BatchNorm2d, type BatchNorm2dOptions } from "./batch-norm.js";
export { ModuleDict, ModuleList, ParameterList } from "./containers.js";
export { Conv2d, type Conv2dLayerOptions, type PaddingMode } from "./conv.js";
export {
  Conv1d,
  type Conv1dLayerOptions,
  ConvTranspose1d,
  type ConvTranspose1dLayerOptions,
  ConvTranspose2d,
  type ConvTranspose2dLayerOptions,
} from "./conv-variants.js";
export { Dropout, Dropout2d, DropPath, type DropPathOptions } from "./dropout.js";
export { Embedding, type EmbeddingOptions } from "./embedding.js";
export type { ForwardHook, HookHandle } from "./hooks.js";
export { defaultInit, type InitializeOptions, type InitRule, type InitRules, initialize } from "./init.js";
export * as init from "./initializers.js";
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
export { CircularPad2d, type PadWidths, ReflectionPad2d, ReplicationPad2d, ZeroPad2d } from "./pad.js";
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
export {
  AdaptiveAvgPool2d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  type AvgPool1dLayerOptions,
  AvgPool2d,
  type AvgPool2dLayerOptions,
  GlobalAvgPool,
  GlobalMaxPool,
  LPPool2d,
  type LPPool2dOptions,
  MaxPool1d,
  type MaxPool1dOptions,
  MaxPool2d,
  type MaxPool2dOptions,
  type OutputSize,
} from "./pool.js";
export type { Reduction, ReductionOptions, WeightedOptions } from "./reduction.js";
export { chain, Sequential } from "./sequential.js";
export { Flatten, Identity, Unflatten } from "./shape-layers.js";
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
export { TransformerEncoderLayer, type TransformerEncoderLayerOptions } from "./transformer.js";
export { PixelShuffle, PixelUnshuffle, Upsample } from "./upsample.js";
