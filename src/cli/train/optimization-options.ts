/**
 * Options that say how weights are moved: optimiser, decay, the curve of the learning rate, how many batches a step takes.
 */
import { scheduleKinds } from "../../models/recipe.js";
import { optimizerKinds } from "../../optim/index.js";
import { integer, number, numberList, optionalChoice, positive } from "../options.js";

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
};
