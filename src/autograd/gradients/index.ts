/**
 * How every op differentiates: THE table, one formula per op, a chapter a file. `dy` is the gradient of the result; each thunk
 * gives the gradient of one input, and may have the broadcast shape: backward() sums it back once for everybody.
 */
import type { OpName } from "../../ops/spec/index.js";
import { elementwiseGradients } from "./elementwise.js";
import type { Entry } from "./entry.js";
import { foldsGradients } from "./folds.js";
import { movementGradients } from "./movement.js";
import { normalisationGradients } from "./normalisation.js";
import { poolingGradients } from "./pooling.js";
import { productsGradients } from "./products.js";
import { randomGradients } from "./random.js";
import { reductionsGradients } from "./reductions.js";
import { resizeGradients } from "./resize.js";

export const gradients: { readonly [K in OpName]: Entry<K> | null } = {
  ...elementwiseGradients,
  ...reductionsGradients,
  ...movementGradients,
  ...productsGradients,
  ...poolingGradients,
  ...normalisationGradients,
  ...foldsGradients,
  ...resizeGradients,
  ...randomGradients,
};
