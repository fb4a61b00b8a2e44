/**
 * Who may import whom, as tables: architecture.test.ts enforces them, docs/figures/architecture.svg draws them.
 */

/** A folder of src/ and the folders it may import besides itself. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  util: [],
  hub: ["util"],
  tensor: ["util"],
  ops: ["tensor", "util"],
  wasm: ["util"],
  backends: ["wasm", "ops", "tensor", "util"],
  autograd: ["ops", "tensor", "util"],
  chapters: ["backends", "autograd", "ops", "tensor", "util"],
  compile: ["ops", "autograd", "backends", "tensor", "util"],
  nn: ["chapters", "ops", "autograd", "tensor", "util"],
  optim: ["nn", "chapters", "ops", "autograd", "tensor", "util"],
  models: ["io", "optim", "nn", "chapters", "ops", "autograd", "tensor", "util"],
  data: ["wasm", "tensor", "util"],
  figures: ["data", "tensor", "util"],
  io: ["nn", "tensor", "util"],
  train: ["models", "optim", "nn", "chapters", "figures", "data", "io", "autograd", "compile", "ops", "tensor", "util"],
  report: ["train", "models", "optim", "nn", "figures", "data", "io", "ops", "tensor", "util"],
  // its engine's thread chooses a backend, as a program does
  serve: ["train", "models", "data", "compile", "chapters", "autograd", "ops", "backends", "tensor", "util"],
  distributed: ["train", "wasm", "tensor", "util"],
};
/** The subfolders of a folder from the bottom up: each may import those before it, and no file at the folder's top. */
export const floors: Readonly<Record<string, readonly string[]>> = {
  "backends/wasm": ["kernels", "runtime", "turbo"],
  data: ["codecs", "transforms", "sets", "reading"],
  train: ["recipes", "metrics", "loggers", "replicas", "steps", "checkpoints", "runs", "modules", "looking"],
};
/** What files of any floor may import: what knows nothing of them. */
export const cellars = ["data/class-weights.ts", "data/random.ts"];
/** What may see everything, and alone chooses a backend. */
export const roofs = [
  "cli",
  "index.ts",
  "methods-entry.ts",
  "models-entry.ts",
  "nn-entry.ts",
  "node.ts",
  "optim-entry.ts",
];
/**
 * Where a family of models may be named outside its folder: in the list, in the faces that hand its classes and recipes out, and
 * as data: defaults, help and examples of the command line, an example or a source in a comment.
 */
export const familyNames: readonly { readonly file: RegExp; readonly why: "list" | "face" | "data" }[] = [
  { file: /^models\/families\.ts$/, why: "list" },
  { file: /^hub\/(published|address)\.ts$/, why: "data" },
  { file: /^util\/budget\.ts$/, why: "data" },
  { file: /^(models\/index|models-entry|node)\.ts$/, why: "face" },
  {
    file: /^cli\/help\.ts$|^cli\/(shared|keys)-options?\.ts$|^cli\/(commands\/|train\/training-options\.ts$)/,
    why: "data",
  },
  {
    file: /^(optim\/ema|models\/classifier|compile\/compile|data\/transforms\/(index|rand-augment))\.ts$/,
    why: "data",
  },
];
