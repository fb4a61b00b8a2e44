/**
 * Initial values, as mmpretrain trains MobileOne: convolutions Kaiming normal by fan_out, classifier Normal(0, 0.01²),
 * normalisations 1 and 0, biases 0. Source: mmpretrain's mobileone.py init_cfg and LinearClsHead (docs/recipe.md 1.5).
 */
import { defaultInit, type InitRules } from "../../nn/init.js";

/** LinearClsHead's init_cfg. */
const LINEAR_STD = 0.01;
/** Kaiming's gain for ReLU. */
const RELU_GAIN = Math.SQRT2;

export const mobileoneInit: InitRules = {
  ...defaultInit,
  // fan_out = KH·KW·Cout, not divided by groups: depthwise weights start small (docs/recipe.md 5.8)
  convWeight: { std: ([kh, kw, , cOut]) => RELU_GAIN / Math.sqrt(kh! * kw! * cOut!) },
  linearWeight: { std: () => LINEAR_STD },
  bias: { value: 0 },
};
