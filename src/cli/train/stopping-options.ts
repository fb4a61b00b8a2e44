/**
 * Options that hear the validations of a run: when to stop, and which weights to keep.
 */
import { metricNames } from "../../models/recipe.js";
import { integer, number, optionalChoice } from "../options.js";

export const stoppingOptions = {
  patience: integer({ help: "stop after so many epochs in a row without a better validation; default: never" }),
  patienceMetric: optionalChoice(metricNames, {
    help: "what has to get better; default: that of --save-best, else top1",
  }),
  minDelta: number({
    help: "by how much it has to be better, percent or of the loss; default: 0",
    fromZero: true,
    example: 0.1,
  }),
  saveBest: optionalChoice(metricNames, {
    help: "keep the weights of the epoch that validates best as best.safetensors and best-deploy.safetensors, which other commands take from the run's folder",
  }),
};
