/**
 * Four stored inks to RGB as OpenCV does it (its icvCvt_CMYK2BGR): Adobe's files store them inverted, 255 for no ink, and
 * files without Adobe's marker are read the same way. No colour profile is involved.
 */

/** Samples [pixels, C M Y K] as libjpeg delivers them -> [pixels, R G B]. */
export function inksToRgb(inks: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((inks.length / 4) * 3);
  for (let p = 0, q = 0; q < rgb.length; p += 4, q += 3) {
    const k = inks[p + 3]!;
    rgb[q] = k - (((255 - inks[p]!) * k) >> 8);
    rgb[q + 1] = k - (((255 - inks[p + 1]!) * k) >> 8);
    rgb[q + 2] = k - (((255 - inks[p + 2]!) * k) >> 8);
  }
  return rgb;
}
