/**
 * The names of ResNet-18's entries in the two places its weights come from: torchvision (models/resnet.py; timm's resnet.py
 * has the same) and open-mmlab/mmpretrain (backbones/resnet.py). Pure renames: shapes and layouts are the same.
 */
import type { Dialects } from "../../io/key-map.js";

const parts = {
  conv1: "conv1",
  norm1: "bn1",
  conv2: "conv2",
  norm2: "bn2",
  downsample: "downsample.0",
  downsampleNorm: "downsample.1",
} as const;

const torchvision = { stem: "", stage: "layer{s}.{j}", head: "fc", parts } as const;

export const dialects = {
  torchvision,
  timm: torchvision,
  mmpretrain: { stem: "backbone", stage: "backbone.layer{s}.{j}", head: "head.fc", parts },
} as const satisfies Dialects;
