/**
 * The names of MobileOne's entries in the three places its weights come from: apple/ml-mobileone (mobileone.py),
 * open-mmlab/mmpretrain (backbones/mobileone.py) and timm (byobnet.py). Pure renames: shapes and layouts are the same.
 */
import type { Dialects } from "../../io/key-map.js";

export const dialects = {
  mmpretrain: {
    stem: "backbone.stage0",
    stage: "backbone.stage{s}.{j}",
    head: "head.fc",
    parts: {
      conv: "branch_conv_list.{i}.conv",
      convNorm: "branch_conv_list.{i}.norm",
      scale: "branch_scale.conv",
      scaleNorm: "branch_scale.norm",
      skip: "branch_norm",
      squeeze: "se.conv1.conv",
      excite: "se.conv2.conv",
      reparameterized: "branch_reparam",
    },
  },
  apple: {
    stem: "stage0",
    stage: "stage{s}.{j}",
    head: "linear",
    parts: {
      conv: "rbr_conv.{i}.conv",
      convNorm: "rbr_conv.{i}.bn",
      scale: "rbr_scale.conv",
      scaleNorm: "rbr_scale.bn",
      skip: "rbr_skip",
      squeeze: "se.reduce",
      excite: "se.expand",
      reparameterized: "reparam_conv",
    },
  },
  timm: {
    stem: "stem",
    stage: "stages.{s0}.{j}",
    head: "head.fc",
    parts: {
      conv: "conv_kxk.{i}.conv",
      convNorm: "conv_kxk.{i}.bn",
      scale: "conv_scale.conv",
      scaleNorm: "conv_scale.bn",
      skip: "identity",
      squeeze: "attn.fc1",
      excite: "attn.fc2",
      reparameterized: "reparam_conv",
    },
  },
} as const satisfies Dialects;
