import type { EpilogueOps } from "../spec/epilogue.js";
import { expectSame } from "./checks.js";
import type { ShapeRule } from "./rule.js";

export const epilogueShapes: { readonly [K in keyof EpilogueOps]: ShapeRule<K> } = {
  biasReluGrad: ([dy, y]) => {
    expectSame(dy, y, "biasReluGrad");
    return [dy, dy.slice(-1)];
  },
};
