/** `finetune`: goes on from trained weights with pictures of one's own, by a recipe that follows from their number. */
import { listModels, type ModelName } from "../../models/index.js";
import { chooseFinetuneRecipe } from "../../train/finetune.js";
import { finetuneRecipe } from "../../train/recipes/finetune.js";
import { defineCommand } from "../command.js";
import { localWeights } from "../local-weights.js";
import { optionalChoice, textOrTexts } from "../options.js";
import { DATA_HELP, required } from "../shared-options.js";
import { runTraining } from "../train/run-training.js";
import { type TrainingValues, trainingExits, trainingGroups, trainingOptions } from "../train/training-options.js";

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
  exits: trainingExits,
  examples: [
    "finetune --data my-pictures --init runs/mobileone_s0-demo --out runs/pets",
    "finetune --data my-pictures --init mobileone_s0.pth --epochs 20 --image-size 128",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --frozen-stages 2 --norm-eval",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --lr 0.005 --head-lr 0.05",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --val-fraction 0.1 --balanced-sampling",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --config my.json --set transfer.headLr=0.02",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --optimizer adamw --lr 0.001 --loss focal --class-weights balanced",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --save-every 45s",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --mixup 0.2 --patience 5 --save-best macroF1 --tensorboard",
    "finetune --data my-pictures --init runs/mobileone_s0-demo --backend gpu --precision f16",
    "finetune --resume runs/pets",
  ],
  run(line, _, context, given) {
    // the run itself says where its weights come from
    const quiet = {
      print: () => {},
      update: (text: string) => context.aside.update(text),
      clear: () => context.aside.clear(),
    };
    const { model = trainingOptions.model.fallback } = line;
    const chooseBase = async ({ resume, data, init, valFraction, noValidate }: TrainingValues) => {
      // only its name counts
      if (resume !== undefined) return finetuneRecipe(model, { pictures: 1 });
      return chooseFinetuneRecipe({
        data: required("finetune: --data", data, "DIR"),
        init: await localWeights(required("finetune: --init", init, "FILE"), quiet),
        model: line.model,
        valFraction,
        validate: !noValidate,
      });
    };
    const rest = { ...line, model, recipe: trainingOptions.recipe.fallback, autoScaleLr: false };
    return runTraining(rest, context, given, chooseBase);
  },
});
