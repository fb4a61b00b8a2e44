import type { DivisionOps } from "../spec/divisions.js";
import { binary } from "./elementwise.js";
import type { ShapeRule } from "./rule.js";

export const divisionShapes: { readonly [K in keyof DivisionOps]: ShapeRule<K> } = {
  atan2: binary("atan2"),
  fmod: binary("fmod"),
  remainder: binary("remainder"),
  floorDivide: binary("floorDivide"),
  bitwise: binary("bitwise"),
};
