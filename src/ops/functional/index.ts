/**
 * The ops as named functions with readable options and defaults, a chapter a file. Each is one call of apply(), or a short composition.
 */

export * from "./attention.js";
export * from "./axes.js";
export * from "./contractions.js";
export * from "./convolutions.js";
export * from "./counting.js";
export * from "./diagonals.js";
export * from "./elementwise.js";
export * from "./folds.js";
export * from "./indexing.js";
export * from "./logic.js";
export * from "./movement.js";
export * from "./normalisation.js";
export * from "./padding.js";
export * from "./pooling.js";
export * from "./pooling-variants.js";
export * from "./products.js";
export * from "./random.js";
export * from "./reductions.js";
export * from "./resize.js";
export * from "./scans.js";
export * from "./slicing.js";
export * from "./sorting.js";
export * from "./statistics.js";
export type { Padding, PaddingWord } from "./window.js";
