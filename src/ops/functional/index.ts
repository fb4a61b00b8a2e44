/**
 * The ops as named functions with readable options and defaults, a chapter a file. Each is one call of apply(), or a short composition.
 */
export * from "./counting.js";
export * from "./elementwise.js";
export * from "./folds.js";
export * from "./logic.js";
export * from "./movement.js";
export * from "./normalisation.js";
export * from "./pooling.js";
export * from "./products.js";
export * from "./random.js";
export * from "./reductions.js";
export * from "./scans.js";
export * from "./sorting.js";
export * from "./statistics.js";
