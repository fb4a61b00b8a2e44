/** `train`: runs a recipe on a data set. */
import { defineCommand } from "../command.js";
import { runTraining } from "../train/run-training.js";
import { trainingExits, trainingGroups, trainingOptions } from "../train/training-options.js";

export const training = defineCommand({
  name: "train",
  summary: "Trains a model and writes checkpoints, a log and the folded model",
  options: trainingOptions,
  groups: trainingGroups,
  exits: trainingExits,
  examples: [
    "train",
    "train --data path/to/imagenet --out runs/s0",
    "train --resume runs/s0",
    "train --resume runs/s0 --allow-changed-data",
    "train --max-steps 200 --tensorboard --no-report",
    "train --model mobileone_s1 --data my-pictures --epochs 20 --image-size 128",
    "train --data my-pictures --optimizer adamw --weight-decay 0.05 --schedule one-cycle --clip-grad-norm 5",
    "train --data my-pictures --val-fraction 0.1 --balanced-sampling --on-bad-picture skip",
    "train --data my-pictures --data more.csv --out runs/pets",
    "train --data my-pictures --batch-size 8 --accumulate 4 --milestones 10,15 --epochs 20",
    "train --data my-pictures --auto-augment imagenet --color-jitter 0.4,0.4,0.4,0.1 --random-erasing 0.25",
    "train --data my-pictures --backend gpu --precision f16",
    "train --config my.json --set optimizer.weightDecay=0.05 --set schedule.interval=step",
    "train --config runs/pets/recipe.json --out runs/pets-again",
    "train --data my-pictures --mixup 0.8 --cutmix 1 --mixup-prob 0.5 --mixup-switch-prob 0.5 --random-erasing-mode rand --random-erasing 0.1",
    "train --data my-pictures --loss sigmoid-focal --focal-gamma 2 --focal-alpha 0.25 --label-smoothing 0 --class-weights balanced",
    "train --data my-pictures --epochs 50 --patience 5 --save-best top1",
    "train --data my-pictures --epochs 50 --patience 5 --patience-metric loss --min-delta 0.01 --save-best loss",
    "train --data my-pictures --epochs 20 --save-every 500 --keep 5",
    "train --data path/to/imagenet --replicas 8 --nproc 8",
    "train --data imagenet --replicas 8 --nproc 4 --nnodes 2 --node-rank 0 --master-addr gpu0",
    "train --data imagenet --replicas 8 --nproc 4 --nnodes 2 --node-rank 0 --master-addr gpu0 --master-port 29600 --bind-addr 0.0.0.0",
  ],
  run: (values, _, context, given) => runTraining(values, context, given),
});
