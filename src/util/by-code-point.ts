/**
 * The order of names: by code point, as Python sorts text, so that class labels are the reference's. JavaScript's own order
 * is by UTF-16 unit, which puts U+20BB7 (a pair of surrogates) before U+F900.
 */

const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;
/** Surrogates stand for what is above every single unit. */
const rankOf = (unit: number): number => (unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE ? unit + 0x10000 : unit);

/** Compares for sort(): negative where a comes first. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rankOf(x) - rankOf(y);
  }
  return a.length - b.length;
}
