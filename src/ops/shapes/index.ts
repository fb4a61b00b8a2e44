/**
 * Every op's output shapes, or a ShapeError that names both numbers; a chapter a file. Kernels trust what passed here.
 */
import type { OpName } from "../spec/index.js";
import { elementwiseShapes } from "./elementwise.js";
import { foldsShapes } from "./folds.js";
import { movementShapes } from "./movement.js";
import { normalisationShapes } from "./normalisation.js";
import { poolingShapes } from "./pooling.js";
import { productsShapes } from "./products.js";
import { randomShapes } from "./random.js";
import { reductionsShapes } from "./reductions.js";
import { resizeShapes } from "./resize.js";
import type { ShapeRule } from "./rule.js";

export { windowOutput } from "./checks.js";
export type { ShapeRule } from "./rule.js";

export const inferShapes: { readonly [K in OpName]: ShapeRule<K> } = {
  ...elementwiseShapes,
  ...reductionsShapes,
  ...movementShapes,
  ...productsShapes,
  ...poolingShapes,
  ...normalisationShapes,
  ...foldsShapes,
  ...resizeShapes,
  ...randomShapes,
};
