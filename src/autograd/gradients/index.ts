/**
 * How every op differentiates: THE table, one formula per op, a chapter a file. `dy` is the gradient of the result; each thunk
 * gives the gradient of one input, and may have the broadcast shape: backward() sums it back once for everybody.
 */
import type { ChapterOp, CoreOp, OpName } from "../../ops/spec/index.js";
import { elementwiseGradients } from "./elementwise.js";
import type { Entry } from "./entry.js";
import { movementGradients } from "./movement.js";
import { productsGradients } from "./products.js";
import { randomGradients } from "./random.js";
import { reductionsGradients } from "./reductions.js";

const coreGradients: { readonly [K in CoreOp]: Entry<K> | null } = {
  ...elementwiseGradients,
  ...reductionsGradients,
  ...movementGradients,
  ...productsGradients,
  ...randomGradients,
};

/** Of a chapter's op once a function that uses it is imported. */
export const gradients = { ...coreGradients } as { readonly [K in OpName]: Entry<K> | null };

/** Gives the ops of a chapter their rules. */
export function installGradients(entries: { readonly [K in ChapterOp]?: Entry<K> | null }): void {
  Object.assign(gradients, entries);
}
