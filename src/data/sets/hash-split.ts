/**
 * Which pictures of a set are kept for validation, by their content: a function of the bytes alone, so that equal files stay on one
 * side, and a file keeps its side on every machine, under every name and when others are added.
 */

/** Hexadecimal digits of a hash that make its number: 52 bits, exact in a double. */
const DIGITS = 13;

/** A hash as a number in [0, 1). */
const shareOf = (hash: string): number => Number.parseInt(hash.slice(0, DIGITS), 16) / 16 ** DIGITS;

/**
 * Whether each picture is for validation, given its hash and label: those whose hash, as a number in [0, 1), is below `fraction`.
 * A class with two different pictures or more that would have none on one side gives it the one whose hash is nearest; it
 * goes back when another comes that belongs there. Pictures of several classes are not moved for the sake of one.
 */
export function splitByContent(hashes: readonly string[], labels: readonly number[], fraction: number): boolean[] {
  const isForValidation = new Map(hashes.map((hash) => [hash, shareOf(hash) < fraction]));
  const ofClass = new Map<number, Set<string>>();
  const classesOf = new Map<string, Set<number>>();
  for (const [i, hash] of hashes.entries()) {
    const label = labels[i]!;
    ofClass.set(label, (ofClass.get(label) ?? new Set()).add(hash));
    classesOf.set(hash, (classesOf.get(hash) ?? new Set()).add(label));
  }
  for (const own of ofClass.values()) {
    const sides = new Set([...own].map((hash) => isForValidation.get(hash)!));
    if (sides.size === 2) continue;
    const isAllForValidation = sides.has(true);
    const movable = [...own].filter((hash) => classesOf.get(hash)!.size === 1);
    // equal-length hexadecimal text has the order of its numbers
    const nearest = movable.sort()[isAllForValidation ? movable.length - 1 : 0];
    if (nearest === undefined) continue;
    // one picture alone is trained on
    if (own.size > 1 || isAllForValidation) isForValidation.set(nearest, !isAllForValidation);
  }
  return hashes.map((hash) => isForValidation.get(hash)!);
}
