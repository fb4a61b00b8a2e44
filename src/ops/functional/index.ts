/**
 * The ops as named functions with readable options and defaults, a chapter a file. Each is one call of apply(), or a short composition.
 */

export * from "./attention.js";
export * from "./axes.js";
export * from "./contractions.js";
export * from "./convolutions.js";
export * from "./diagonals.js";
export * from "./elementwise.js";
export * from "./logic.js";
export * from "./movement.js";
export * from "./padding.js";
export * from "./pieces.js";
export * from "./positions.js";
export * from "./products.js";
export * from "./random.js";
export * from "./reductions.js";
export * from "./slicing.js";
export * from "./statistics.js";
export * from "./tiling.js";
export type { Padding, PaddingWord } from "./window.js";
