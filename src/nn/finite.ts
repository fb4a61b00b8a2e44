/**
 * Whether a module's numbers can give an answer: weights and statistics are finite, and every batch norm divides by the
 * root of something above 0.
 */
import { findNonFiniteTensor, showNonFinite } from "../tensor/finite.js";
import { BatchNorm2d } from "./batch-norm.js";
import type { Module } from "./module.js";

/** The first of its values that is no number to go on with, in words; null where there is none. */
export async function problemOf(module: Module<unknown>): Promise<string | null> {
  const found = await findNonFiniteTensor(module.stateDict());
  if (found) return showNonFinite(found);
  for (const [name, norm] of module.namedModules()) {
    if (!(norm instanceof BatchNorm2d)) continue;
    const variance = await norm.runningVar.data();
    const at = variance.findIndex((value) => !(value + norm.eps > 0));
    if (at >= 0) return `the variance ${name === "" ? "" : `${name}.`}running_var[${at}] is ${variance[at]}`;
  }
  return null;
}
