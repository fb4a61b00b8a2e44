/**
 * The one thing of EXIF that concerns pixels: which way up the picture is. EXIF is a TIFF directory (CIPA DC-008), carried
 * in a JPEG's APP1 segment or a PNG's eXIf chunk.
 */

const ORIENTATION_TAG = 0x0112;

/**
 * Orientation 1 to 8 from the first directory of a TIFF block; anything odd counts as 1, since pixels matter more than
 * EXIF. The value is read as 16 bits whatever its type says, as OpenCV does.
 */
export function readOrientation(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 14) return 1;
  const byteOrder = view.getUint16(0);
  if (byteOrder !== 0x4949 && byteOrder !== 0x4d4d) return 1;
  const little = byteOrder === 0x4949;
  const directory = view.getUint32(4, little);
  if (view.getUint16(2, little) !== 42 || directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return 1;
    if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
