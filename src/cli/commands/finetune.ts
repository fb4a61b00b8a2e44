/** `finetune`: goes on from trained weights with pictures of one's own, by a recipe that follows from their number. */
import { listModels, type ModelName } from "../../models/index.js";
import { chooseFinetuneRecipe } from "../../train/finetune.js";
import { finetuneRecipe } from "../../train/recipes/finetune.js";
import { defineCommand } from "../command.js";
import { localWeights } from "../local-weights.js";
import { optionalChoice, textOrTexts } from "../options.js";
import { DATA_HELP, required } from "../shared-options.js";
import { runTraining } from "../train/run-training.js";
import { trainingGroups, trainingOptions } from "../train/training-options.js";

const { recipe: _form, autoScaleLr: _scaling, ...shared } = trainingOptions;

export const finetuning = defineCommand({
  name: "finetune",
  summary: "Trains weights that know other pictures on a few of one's own",
  options: {
    ...shared,
    data: textOrTexts({ help: DATA_HELP, placeholder: "DIR" }),
    model: optionalChoice<ModelName>(listModels(), { help: "what to train; default: what --init holds" }),
  },
  groups: trainingGroups,
  examples: [
    "finetune --data my-pictures --init runs/mobileone_s0-demo --out runs/pets",
    "finetune --data my-pictures --init mobileone_s0.pth --epochs 20 --image-size 128",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --frozen-stages 2 --norm-eval",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --lr 0.005 --head-lr 0.05",
    "finetune --resume runs/pets",
  ],
  async run(values, _, context, given) {
    const { resume, model = trainingOptions.model.fallback } = values;
    const init = values.init === undefined ? undefined : await localWeights(values.init, context.terminal);
    const chooseFresh = async () => {
      // only its name counts
      if (resume !== undefined) return finetuneRecipe(model, { pictures: 1 });
      const data = required("finetune: --data", values.data, "DIR");
      const from = required("finetune: --init", init, "FILE");
      return chooseFinetuneRecipe({ ...values, data, init: from, validate: !values.noValidate });
    };
    const rest = { ...values, init, model, recipe: trainingOptions.recipe.fallback, autoScaleLr: false };
    return runTraining(rest, context, given, chooseFresh);
  },
});
