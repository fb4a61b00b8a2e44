/** Groups of pictures that are nearly the same, by the id of their first. */
import { nearDuplicates } from "../../../src/data/sets/near-duplicates.js";
import { base64, fromBase64 } from "../../../src/util/base64.js";

/** Pictures beyond which each is a group of its own: all pairs are compared, a minute's work from here on. */
export const MOST_COMPARED = 4000;

export const encodeLikeness = (values: Float32Array): string =>
  base64(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
const decodeLikeness = (text: string): Float32Array => new Float32Array(fromBase64(text).buffer);

/** The group of each picture, in their order. */
export function groupsOf(pictures: readonly { readonly id: number; readonly likeness: string }[]): number[] {
  if (pictures.length > MOST_COMPARED) return pictures.map(({ id }) => id);
  return nearDuplicates(pictures.map(({ likeness }) => decodeLikeness(likeness))).map((first) => pictures[first]!.id);
}
