/**
 * Arrays as NumPy's .npy files, version 1.0 (numpy.lib.format): magic, a header of one line that says dtype and shape, and the
 * numbers row by row.
 */

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
/** Data begin at a multiple of this. */
const ALIGNMENT = 64;

/** The bytes before float32 numbers of `shape`, little-endian, in C order; as long for any counts of up to 15 digits. */
export function npyHeader(shape: readonly number[]): Uint8Array {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sides}), }`;
  // room for counts that are written later; NumPy pads with spaces and ends with a line feed
  const longest = text.length + shape.reduce((room, side) => room + 15 - String(side).length, 0);
  const length = Math.ceil((MAGIC.length + 2 + longest + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(MAGIC.length, length - MAGIC.length - 2, true);
  bytes.set(new TextEncoder().encode(text), MAGIC.length + 2);
  bytes[length - 1] = 0x0a;
  return bytes;
}

/** float32 numbers as the bytes that follow the header; every machine that runs this is little-endian. */
export function npyBytes(values: ArrayLike<number>): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
