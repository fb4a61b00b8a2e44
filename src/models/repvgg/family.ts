/** RepVGG's record. */
import type { Module } from "../../nn/module.js";
import type { Family } from "../family.js";
import { summaryRows } from "./costs.js";
import { dialects } from "./dialects.js";
import { foldBlock } from "./fold.js";
import { toOnnx } from "./onnx.js";
import { repvggDemoRecipe, repvggRecipe } from "./recipes.js";
import { recognize } from "./recognize.js";
import { RepVgg } from "./repvgg.js";
import { type RepVggVariant, variants } from "./variants.js";

export const repvgg = {
  name: "RepVGG",
  variants,
  isOwn: (model: Module<unknown>): model is RepVgg => model instanceof RepVgg,
  create: (variant: RepVggVariant, options) => new RepVgg(variant, options),
  dialects,
  ownKeys: "repvgg",
  recognize,
  summaryRows,
  toOnnx,
  fold: foldBlock,
  recipe: repvggRecipe,
  demoRecipe: repvggDemoRecipe,
} as const satisfies Family<RepVggVariant, RepVgg>;
