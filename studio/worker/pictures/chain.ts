/** How pictures become pixels in the studio; every run, report and exported file names it. */
import type { PixelChain } from "../../protocol.js";

/** Short side of a picture as the project keeps it: what 224 px networks crop from. Smaller ones stay as they are. */
export const KEPT_SIDE = 256;
/** Short side above which the browser makes a picture smaller first: from three times on, the two chains differ by .6 levels in the mean. */
export const BETWEEN_SIDE = 3 * KEPT_SIDE;

export const pixelChain: PixelChain = {
  decoder: "the browser's, without colour conversion",
  resize: `above ${BETWEEN_SIDE} px by the browser at quality "high" to that short side, then bilinear with antialias`,
  keptSide: KEPT_SIDE,
  betweenSide: BETWEEN_SIDE,
};
