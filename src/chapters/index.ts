/**
 * Functions whose ops come with them: see install.ts.
 */

export * from "./folds.js";
export * from "./normalisation.js";
export * from "./pooling.js";
export * from "./pooling-variants.js";
export * from "./resize.js";
