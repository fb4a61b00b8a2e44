/**
 * Weights that others publish for the models here, by the names their publishers give them. Every row is taken from a public
 * file that `source` cites: address, hash and stated accuracy; what no public file states is not here. Nothing of it is part
 * of the package: each file comes from its publisher, under its publisher's licence.
 */

/** A published file, and where its row was read. */
export interface PublishedWeights {
  /** The publisher's own name for it. */
  readonly name: string;
  /** What createModel() calls the network. */
  readonly model: string;
  /** An https address, or hf://owner/repository/file. */
  readonly address: string;
  /** The first digits of the file's SHA-256, as the publisher puts them into the file's name; null where its hub states the whole hash. */
  readonly sha256: string | null;
  /** Whose names the entries have. */
  readonly keys: "mmpretrain" | "timm" | "torchvision";
  /** Percent on ImageNet's validation set, as the source states it, at 224 px. */
  readonly top1: number;
  readonly source: string;
}

const MMPRETRAIN_HOME = "https://download.openmmlab.com/mmclassification/v0";
const TIMM_SOURCE =
  "huggingface/pytorch-image-models, results/results-imagenet.csv and timm/models/byobnet.py, commit aa4b585";

const mmpretrain = (
  collection: "mobileone" | "repvgg",
  model: string,
  name: string,
  file: string,
  top1: number,
): PublishedWeights => ({
  name,
  model,
  address: `${MMPRETRAIN_HOME}/${collection}/${file}`,
  sha256: /-([0-9a-f]{8})\.pth$/.exec(file)![1]!,
  keys: "mmpretrain",
  top1,
  source: `open-mmlab/mmpretrain, configs/${collection}/metafile.yml`,
});

const timm = (name: string, top1: number): PublishedWeights => ({
  name,
  model: name.slice(0, name.indexOf(".")),
  address: `hf://timm/${name}/model.safetensors`,
  sha256: null,
  keys: "timm",
  top1,
  source: TIMM_SOURCE,
});

/** By model; the first row of a model is what the model's bare name stands for. */
export const publishedWeights: readonly PublishedWeights[] = [
  mmpretrain(
    "mobileone",
    "mobileone_s0",
    "mobileone-s0_8xb32_in1k",
    "mobileone-s0_8xb32_in1k_20221110-0bc94952.pth",
    71.34,
  ),
  mmpretrain(
    "mobileone",
    "mobileone_s1",
    "mobileone-s1_8xb32_in1k",
    "mobileone-s1_8xb32_in1k_20221110-ceeef467.pth",
    75.72,
  ),
  mmpretrain(
    "mobileone",
    "mobileone_s2",
    "mobileone-s2_8xb32_in1k",
    "mobileone-s2_8xb32_in1k_20221110-9c7ecb97.pth",
    77.37,
  ),
  mmpretrain(
    "mobileone",
    "mobileone_s3",
    "mobileone-s3_8xb32_in1k",
    "mobileone-s3_8xb32_in1k_20221110-c95eb3bf.pth",
    78.06,
  ),
  mmpretrain(
    "mobileone",
    "mobileone_s4",
    "mobileone-s4_8xb32_in1k",
    "mobileone-s4_8xb32_in1k_20221110-28d888cb.pth",
    79.69,
  ),
  timm("mobileone_s0.apple_in1k", 71.398),
  timm("mobileone_s1.apple_in1k", 75.76),
  timm("mobileone_s2.apple_in1k", 77.504),
  timm("mobileone_s3.apple_in1k", 78.002),
  timm("mobileone_s4.apple_in1k", 79.446),
  mmpretrain(
    "repvgg",
    "repvgg_a0",
    "repvggA0_4xb64-coslr-120e_in-1k",
    "repvggA0_3rdparty_4xb64-coslr-120e_in-1k_20210909-883ab98c.pth",
    72.41,
  ),
  mmpretrain(
    "repvgg",
    "repvgg_a1",
    "repvggA1_4xb64-coslr-120e_in-1k",
    "repvggA1_3rdparty_4xb64-coslr-120e_in-1k_20210909-24003a24.pth",
    74.47,
  ),
  // mmpretrain's own row of A2 has no usable address
  timm("repvgg_a2.rvgg_in1k", 76.488),
  mmpretrain(
    "repvgg",
    "repvgg_b0",
    "repvggB0_4xb64-coslr-120e_in-1k",
    "repvggB0_3rdparty_4xb64-coslr-120e_in-1k_20210909-446375f4.pth",
    75.14,
  ),
  timm("repvgg_a0.rvgg_in1k", 72.426),
  timm("repvgg_a1.rvgg_in1k", 74.474),
  timm("repvgg_b0.rvgg_in1k", 75.158),
  {
    name: "ResNet18_Weights.IMAGENET1K_V1",
    model: "resnet18",
    address: "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    sha256: "f37072fd",
    keys: "torchvision",
    top1: 69.758,
    source: "pytorch/vision 0.14, torchvision/models/resnet.py",
  },
];

/** The row of a publisher's name, or the first of a model's name; undefined where there is none. */
export const findPublished = (name: string): PublishedWeights | undefined =>
  publishedWeights.find((row) => row.name === name) ?? publishedWeights.find((row) => row.model === name);
