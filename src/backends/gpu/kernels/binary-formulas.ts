/**
 * Ops of two operands as formulas in gpu.js's language, and what some of them are among integers.
 */
import { ATAN2 } from "./curves.js";
import { divisionFormulas } from "./division.js";

/** Of `u` and `v`. */
export const binaryFormulas = {
  add: "return u + v;",
  sub: "return u - v;",
  mul: "return u * v;",
  div: "return quotient(u, v);",
  // IEEE 754-2008, 9.2.1
  pow: `if (v === 0) { if (isNan(v) < 0.5) { return 1; } }
    if (u === 1) { if (isNan(u) < 0.5) { return 1; } }
    if (isNan(u) > 0.5) { return u; }
    if (isNan(v) > 0.5) { return v; }
    const size = Math.abs(u);
    let isWhole = 0;
    let isOdd = 0;
    if (Math.floor(v) === v) {
      isWhole = 1;
      if (Math.floor(v * 0.5) * 2 !== v) { isOdd = 1; }
    }
    let y = 1;
    if (isFinite(v) < 0.5) {
      if (size > 1) { y = reciprocalOf(v); if (v > 0) { y = v; } }
      if (size < 1) { y = reciprocalOf(v); if (v < 0) { y = -v; } }
      return Math.abs(y);
    }
    if (size === 0 || isFinite(u) < 0.5) {
      y = size;
      if (v < 0) { y = reciprocalOf(size); }
    } else {
      if (u < 0 && isWhole < 0.5) { return nanFrom(u); }
      y = powerOf(size, v);
    }
    if (isOdd > 0.5) { return signed(y, u); }
    return y;`,
  maximum: "return larger(u, v);",
  minimum: "return smaller(u, v);",
  atan2: ATAN2,
  ...divisionFormulas,
  equal: "return isEqual(u, v);",
  notEqual: "return 1 - isEqual(u, v);",
  less: "return isLess(u, v);",
  lessEqual: "return isLessOrEqual(u, v);",
  greater: "return isLess(v, u);",
  greaterEqual: "return isLessOrEqual(v, u);",
  // as PyTorch: 0 where y <= 0, which NaN is not
  reluGrad: "if (isLessOrEqual(v, 0) > 0.5) { return 0; } return u;",
} as const;

/** Divisions that integers have too: no integer is NaN, so that by 0 all of them are 0. */
export const wholeFormulas = {
  fmod: `if (v === 0) { return 0; }
    ${binaryFormulas.fmod}`,
  remainder: `if (v === 0) { return 0; }
    ${binaryFormulas.remainder}`,
  floorDivide: `if (v === 0) { return 0; }
    ${binaryFormulas.floorDivide}`,
} as const satisfies { readonly [N in keyof typeof binaryFormulas]?: string };
