/** Public names of functions and layers that no row bears, each with the reason. */
const made = "random numbers, which are not PyTorch's";
const counted = "gives integers and has no gradient; test/ops/reductions-golden.test.ts";
const structure = "holds modules or entries and computes nothing";

export const withoutRows: Readonly<Record<string, string>> = {
  attentionWithWeights: "what scaledDotProductAttention and MultiheadAttention call, whose rows compare it",
  patchMoments: "compared through foldBranches; test/wasm/moments.test.ts",
  unique: counted,
  bincount: counted,
  rand: made,
  randn: made,
  bernoulli: made,
  randLike: made,
  randnLike: made,
  manualSeed: made,
  defaultInit: made,
  initialize: made,
  init: made,
  ModuleDict: structure,
  ModuleList: structure,
  ParameterList: structure,
  Module: structure,
  buffer: structure,
  parameter: structure,
  compareStates: structure,
  chain: "what Sequential calls, whose row compares it",
};
