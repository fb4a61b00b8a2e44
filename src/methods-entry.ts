/** `tensorone/methods`: brings every method of tensors into a bundle, also those that come with the functions of their names. */
import "./index.js";
import { atan2, bitwiseAnd, cumsum, erf, gather, gelu, repeatInterleave, sort } from "./chapters/index.js";
import { any, at, isNaN as isNotANumber, pad, split, tile, tril } from "./ops/functional/index.js";
import { installMethods } from "./ops/method.js";

// one function of each file whose functions are methods: with it come the others
installMethods({
  any,
  at,
  atan2,
  bitwiseAnd,
  cumsum,
  erf,
  gather,
  gelu,
  isNaN: isNotANumber,
  pad,
  repeatInterleave,
  sort,
  split,
  tile,
  tril,
});
