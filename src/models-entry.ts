/** The `models` of the public face. */
export * from "./models/index.js";
