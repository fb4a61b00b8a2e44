/**
 * Options that say how weights are moved: optimiser, decay, the curve of the learning rate, how many batches a step takes.
 */
import { scheduleKinds } from "../../models/recipe.js";
import { optimizerKinds } from "../../optim/index.js";
import { choice, integer, number, numberList, type Option, optionalChoice, positive } from "../options.js";

const precisionWords = { f32: "float32", f16: "float16" } as const;
type PrecisionWord = keyof typeof precisionWords;

const precisionOption: Option<(typeof precisionWords)[PrecisionWord] | undefined> = (() => {
  const help =
    "f32, or f16: activations and products are stored as float16, sums and weights as float32, the loss is scaled; needs --backend gpu with shader-f16; default: the recipe's";
  const { expected, read } = choice(Object.keys(precisionWords) as PrecisionWord[], { help, default: "f32" });
  return {
    ...{ form: "value", placeholder: "WORD", help, expected, example: "f16", fallback: undefined },
    read: (value, where) => precisionWords[read(value, where)],
  };
})();

export const optimizationOptions = {
  optimizer: optionalChoice(optimizerKinds, {
    help: "what moves the weights; another one than the recipe's has PyTorch's usual rates: --lr 1e-3, for sgd .01",
  }),
  weightDecay: number({
    help: "of all but batch norm's parameters; default: the recipe's, of adamw .01",
    fromZero: true,
    example: 0.05,
  }),
  schedule: optionalChoice(scheduleKinds, {
    help: "how the learning rate falls after its warm-up; one-cycle rises for 30 % of the run; default: the recipe's",
  }),
  milestones: numberList({
    help: "epochs at which the learning rate falls to a tenth, --schedule step; default: after a third and two thirds",
  }),
  clipGradNorm: positive({
    help: "limit on the 2-norm of all gradients of a step together; default: the recipe's, or none",
  }),
  accumulate: integer({
    help: "batches of each replica whose mean gradient moves the weights once, each with its own statistics; default: 1",
    max: 4096,
  }),
  precision: precisionOption,
};
