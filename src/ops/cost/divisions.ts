import type { DivisionOps } from "../spec/divisions.js";
import { type CostRule, elementwise, nothing, perOutput } from "./rule.js";

export const divisionCosts: { readonly [K in keyof DivisionOps]: CostRule<K> } = {
  atan2: elementwise,
  fmod: elementwise,
  remainder: perOutput(2),
  floorDivide: perOutput(4),
  // bits are moved and chosen
  bitwise: nothing,
};
