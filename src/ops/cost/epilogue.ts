import type { EpilogueOps } from "../spec/epilogue.js";
import { type CostRule, perOutput } from "./rule.js";

export const epilogueCosts: { readonly [K in keyof EpilogueOps]: CostRule<K> } = { biasReluGrad: perOutput(2) };
