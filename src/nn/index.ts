/** Layers, losses and initialisation: the `nn` of the public face. */

export { manualSeed } from "../tensor/random.js";
export { ReLU, Sigmoid } from "./activation.js";
export { BatchNorm2d, type BatchNorm2dOptions } from "./batch-norm.js";
export { Conv2d, type Conv2dLayerOptions } from "./conv.js";
export {
  Conv1d,
  type Conv1dLayerOptions,
  ConvTranspose1d,
  type ConvTranspose1dLayerOptions,
  ConvTranspose2d,
  type ConvTranspose2dLayerOptions,
} from "./conv-variants.js";
export { defaultInit, type InitializeOptions, type InitRule, type InitRules, initialize } from "./init.js";
export { Linear, type LinearOptions } from "./linear.js";
export { type CrossEntropyOptions, crossEntropy } from "./loss.js";
export { Module } from "./module.js";
export type { FloatDType, LayerOptions, Parameter, ParameterRole } from "./parameter.js";
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
export { chain, Sequential } from "./sequential.js";
export { SqueezeExcite, type SqueezeExciteOptions } from "./squeeze-excite.js";
export { compareStates, type StateDict, type StateDifference, type StateSpec } from "./state-dict.js";
