/** Layers, losses and initialisation: the `nn` of the public face. */

export { manualSeed } from "../tensor/random.js";
export { ReLU, Sigmoid } from "./activation.js";
export { type AttentionMasks, MultiheadAttention, type MultiheadAttentionOptions } from "./attention.js";
export { BatchNorm2d, type BatchNorm2dOptions } from "./batch-norm.js";
export { Conv2d, type Conv2dLayerOptions } from "./conv.js";
export { defaultInit, type InitializeOptions, type InitRule, type InitRules, initialize } from "./init.js";
export {
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm2d,
  LayerNorm,
  type LayerNormLayerOptions,
} from "./layer-norm.js";
export { Linear, type LinearOptions } from "./linear.js";
export { type CrossEntropyOptions, crossEntropy } from "./loss.js";
export { Module } from "./module.js";
export type { FloatDType, LayerOptions, Parameter, ParameterRole } from "./parameter.js";
export { GlobalAvgPool, MaxPool2d, type MaxPool2dOptions } from "./pool.js";
export { chain, Sequential } from "./sequential.js";
export { SqueezeExcite, type SqueezeExciteOptions } from "./squeeze-excite.js";
export { compareStates, type StateDict, type StateDifference, type StateSpec } from "./state-dict.js";
export { PixelShuffle, PixelUnshuffle, Upsample } from "./upsample.js";
