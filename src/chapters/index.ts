/**
 * Functions whose ops come with them: see install.ts.
 */

export * from "./activations.js";
export * from "./bits.js";
export * from "./counting.js";
export * from "./curves.js";
export * from "./divisions.js";
export * from "./epilogue.js";
export * from "./folds.js";
export * from "./indexing.js";
export * from "./normalisation.js";
export * from "./pooling.js";
export * from "./pooling-variants.js";
export * from "./repeat-interleave.js";
export * from "./resize.js";
export * from "./scans.js";
export * from "./sorting.js";
