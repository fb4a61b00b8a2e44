/**
 * What a division leaves, exactly, as formulas in gpu.js's language: its own % goes through a rounded quotient.
 */

/** Powers of two between the smallest float32 number and the largest. */
const BINADES = 280;
/** The exact rest of u / v as the local `r`, by long division: every difference of v times powers of two is exact. */
const REST = `if (isNan(u) > 0.5) { return u; }
    if (isNan(v) > 0.5) { return v; }
    if (isFinite(u) < 0.5 || v === 0) { return nanFrom(u); }
    const divisor = Math.abs(v);
    let left = Math.abs(u);
    let part = Math.abs(v);
    if (isFinite(v) > 0.5) {
      for (let i = 0; i < ${BINADES}; i++) { if (part <= left * 0.5) { part = part * 2; } }
      for (let i = 0; i < ${BINADES}; i++) {
        if (part >= divisor) { if (left >= part) { left = left - part; } }
        part = part * 0.5;
      }
    }
    const r = signed(left, u);`;

/** Of `u` and `v`, as statements that end in a return. */
export const divisionFormulas = {
  fmod: `${REST}
    return r;`,
  remainder: `${REST}
    if (r === 0) { return r; }
    if (isLess(r, 0) !== isLess(v, 0)) { return r + v; }
    return r;`,
  floorDivide: `if (v === 0) { return quotient(u, v); }
    ${REST}
    let whole = quotient(u - r, v);
    if (r !== 0) { if (isLess(r, 0) !== isLess(v, 0)) { whole = whole - 1; } }
    if (whole === 0) { return signed(0, quotient(u, v)); }
    if (isFinite(whole) < 0.5) { return whole; }
    return Math.floor(whole + 0.5);`,
} as const;
