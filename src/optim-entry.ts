/** `tensorone/optim`: the optimisers and schedules as a module of their own, of which every bundler takes what a program uses. */
import "./index.js";

export * from "./optim/index.js";
