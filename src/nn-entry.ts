/** `tensorone/nn`: the layers and losses as a module of their own, of which every bundler takes what a program uses. */
import "./index.js";

export * from "./nn/index.js";
