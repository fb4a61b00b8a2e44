/** ResNet's record. */
import type { Module } from "../../nn/module.js";
import type { Family } from "../family.js";
import { summaryRows } from "./costs.js";
import { dialects } from "./dialects.js";
import { foldBlock } from "./fold.js";
import { toOnnx } from "./onnx.js";
import { resnetDemoRecipe, resnetRecipe } from "./recipes.js";
import { recognize } from "./recognize.js";
import { ResNet } from "./resnet.js";
import { type ResNetVariant, variants } from "./variants.js";

export const resnet = {
  name: "ResNet",
  variants,
  isOwn: (model: Module<unknown>): model is ResNet => model instanceof ResNet,
  create: (variant: ResNetVariant, options) => new ResNet(variant, options),
  dialects,
  ownKeys: "torchvision",
  recognize,
  summaryRows,
  toOnnx,
  fold: foldBlock,
  recipe: resnetRecipe,
  demoRecipe: resnetDemoRecipe,
} as const satisfies Family<ResNetVariant, ResNet>;
