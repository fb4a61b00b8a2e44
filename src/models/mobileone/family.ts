/** MobileOne's record. */
import type { Module } from "../../nn/module.js";
import type { Family } from "../family.js";
import { summaryRows, trainingRows } from "./costs.js";
import { dialects } from "./dialects.js";
import { foldBlock } from "./fold.js";
import { MobileOne } from "./mobileone.js";
import { toOnnx } from "./onnx.js";
import { mobileoneDemoRecipe, mobileoneRecipe } from "./recipes.js";
import { recognize } from "./recognize.js";
import { unfoldBlock } from "./unfold.js";
import { type Variant, variants } from "./variants.js";

export const mobileone = {
  name: "MobileOne",
  variants,
  isOwn: (model: Module<unknown>): model is MobileOne => model instanceof MobileOne,
  create: (variant: Variant, options) => new MobileOne(variant, options),
  dialects,
  ownKeys: "mmpretrain",
  recognize,
  summaryRows,
  trainingRows,
  toOnnx,
  fold: foldBlock,
  unfold: unfoldBlock,
  recipe: mobileoneRecipe,
  demoRecipe: mobileoneDemoRecipe,
} as const satisfies Family<Variant, MobileOne>;
