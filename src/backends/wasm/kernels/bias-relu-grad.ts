/**
 * The gradient behind a bias and a relu in one pass: dx = dy but 0 where y <= 0, and its sum over rows while dx is still in
 * registers.
 */
import { callReluRows } from "./blocks/relu-rows.js";
import type { Lowering } from "./plan.js";

export const biasReluGrad: Lowering<"biasReluGrad"> = ([dy, y], _, [dx, dbias], plan) => {
  if (dy.dtype !== "float32") return false;
  const channels = dbias.size;
  callReluRows(
    plan,
    { channels, rows: dy.size / channels, hasMask: true },
    { dy: dy.pointer, y: y.pointer, dx: dx.pointer, dbias: dbias.pointer },
  );
  return true;
};
