/**
 * The names of RepVGG's entries in the three places its weights come from: DingXiaoH/RepVGG (repvgg.py),
 * open-mmlab/mmpretrain (backbones/repvgg.py) and timm (byobnet.py). Pure renames: shapes and layouts are the same.
 */
import type { Dialects } from "../../io/key-map.js";

export const dialects = {
  repvgg: {
    stem: "stage0",
    stage: "stage{s}.{j}",
    head: "linear",
    parts: {
      dense: "rbr_dense.conv",
      denseNorm: "rbr_dense.bn",
      pointwise: "rbr_1x1.conv",
      pointwiseNorm: "rbr_1x1.bn",
      identity: "rbr_identity",
      reparameterized: "rbr_reparam",
    },
  },
  mmpretrain: {
    stem: "backbone.stem",
    stage: "backbone.stage_{s}.{j}",
    head: "head.fc",
    parts: {
      dense: "branch_3x3.conv",
      denseNorm: "branch_3x3.norm",
      pointwise: "branch_1x1.conv",
      pointwiseNorm: "branch_1x1.norm",
      identity: "branch_norm",
      reparameterized: "branch_reparam",
    },
  },
  timm: {
    stem: "stem",
    stage: "stages.{s0}.{j}",
    head: "head.fc",
    parts: {
      dense: "conv_kxk.conv",
      denseNorm: "conv_kxk.bn",
      pointwise: "conv_1x1.conv",
      pointwiseNorm: "conv_1x1.bn",
      identity: "identity",
      reparameterized: "reparam_conv",
    },
  },
} as const satisfies Dialects;
