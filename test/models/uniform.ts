/** The counter-based numbers of test/golden/families/uniform.py: three rounds of a 32-bit mixer. */

function mix(word: number): number {
  let x = word >>> 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** `count` numbers in [-1, 1). */
export function uniform(seed: number, stream: number, count: number): Float64Array {
  const [streamKey, seedKey] = [mix(stream + 1), mix(seed + 0x9e3779b9)];
  return Float64Array.from(
    { length: count },
    (_, counter) => mix(mix(mix(counter) ^ streamKey) ^ seedKey) / 2 ** 31 - 1,
  );
}
