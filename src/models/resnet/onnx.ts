/** ResNet as layers of an ONNX graph, in either form. Values are named as the modules of the state dict. */
import type { LayerWriter } from "../files/onnx-layers.js";
import { type BasicBlock, type ConvNorm, STEM_POOL, Stem } from "./blocks.js";
import type { ResNet } from "./resnet.js";

/** `prefix` is what stands before the block's entries, with its dot. */
function convNorm(writer: LayerWriter, prefix: string, x: string, { names, conv, norm }: ConvNorm): string {
  const y = writer.conv(`${prefix}${names[0]}`, x, conv);
  return norm ? writer.norm(`${prefix}${names[1]}`, y, norm) : y;
}

function writeBlock(writer: LayerWriter, x: string, block: Stem | BasicBlock): string {
  if (block instanceof Stem) {
    const { kernelSize, ...window } = STEM_POOL;
    return writer.maxPool("maxpool", writer.relu("relu", convNorm(writer, "", x, block.convs[0])), kernelSize, window);
  }
  const path = block.spec.name;
  const first = writer.relu(`${path}.relu1`, convNorm(writer, `${path}.`, x, block.first));
  const second = convNorm(writer, `${path}.`, first, block.second);
  const beside = block.downsample ? convNorm(writer, `${path}.`, x, block.downsample) : x;
  return writer.relu(`${path}.relu2`, writer.sum(`${path}.sum`, [second, beside]));
}

/** Adds the blocks of `model` behind the value `images`; returns the value of its features. */
export const toOnnx = (writer: LayerWriter, model: ResNet, images: string): string =>
  model.blocks.reduce((x, block) => writeBlock(writer, x, block), images);
