/** The network of test/golden/versions (with-tiny.mjs): S0's structure at widths that make a whole training checkpoint 110 kB. */
export const tiny = {
  widths: [1 / 16, 1 / 16, 1 / 32, 1 / 32],
  numConvBranches: 4,
  squeezeExciteUnits: [0, 0, 0, 1],
  units: [1, 1, 1, 1],
} as const;
