/**
 * The awkward grid: for every op, input shapes and attributes that tend to break kernels. The table is typed over the op
 * names, so an op without cases does not compile. Used twice: gradients in float64 against central differences, and every
 * backend against the reference.
 */
import type { RandomOp } from "../../../src/ops/random.js";
import type { Attrs, OpName } from "../../../src/ops/spec/index.js";
import { curveCases } from "./curves.js";
import { elementwiseCases } from "./elementwise.js";
import { foldsCases } from "./folds.js";
import type { Case } from "./input.js";
import { movementCases } from "./movement.js";
import { normPassesCases } from "./norm-passes.js";
import { normalisationCases } from "./normalisation.js";
import { poolingCases } from "./pooling.js";
import { productsCases } from "./products.js";
import { reductionsCases } from "./reductions.js";
import { resizeCases } from "./resize.js";

export { type Case, dtypeOfInput, type Fill, type Input } from "./input.js";

/** Random ops have no inputs and one definition on all backends: test/ops/random.test.ts. */
export type GridOp = Exclude<OpName, RandomOp>;

export const cases: { readonly [K in GridOp]: readonly Case<Attrs<K>>[] } = {
  ...elementwiseCases,
  ...curveCases,
  ...reductionsCases,
  ...movementCases,
  ...productsCases,
  ...poolingCases,
  ...normalisationCases,
  ...normPassesCases,
  ...foldsCases,
  ...resizeCases,
};
