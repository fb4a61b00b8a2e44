/**
 * Every op's output shapes, or a ShapeError that names both numbers; a chapter a file. Kernels trust what passed here.
 */
import type { ChapterOp, CoreOp, OpName } from "../spec/index.js";
import { elementwiseShapes } from "./elementwise.js";
import { movementShapes } from "./movement.js";
import { productsShapes } from "./products.js";
import { randomShapes } from "./random.js";
import { reductionsShapes } from "./reductions.js";
import type { ShapeRule } from "./rule.js";

export type { ShapeRule } from "./rule.js";

const coreShapes: { readonly [K in CoreOp]: ShapeRule<K> } = {
  ...elementwiseShapes,
  ...reductionsShapes,
  ...movementShapes,
  ...productsShapes,
  ...randomShapes,
};

/** Of a chapter's op once a function that uses it is imported. */
export const inferShapes = { ...coreShapes } as { readonly [K in OpName]: ShapeRule<K> };

/** Gives the ops of a chapter their shapes. */
export function installShapes(shapes: { readonly [K in ChapterOp]?: ShapeRule<K> }): void {
  Object.assign(inferShapes, shapes);
}
