/** RepVGG as layers of an ONNX graph, in either form. Values are named as the modules of the state dict. */
import type { LayerWriter } from "../files/onnx-layers.js";
import { type ConvNorm, type DeployedRepVggBlock, RepVggBlock } from "./block.js";
import type { RepVgg } from "./repvgg.js";

function writeBlock(writer: LayerWriter, x: string, block: RepVggBlock | DeployedRepVggBlock): string {
  const path = block.spec.name;
  const branch = (name: string, { conv, norm }: ConvNorm) =>
    writer.norm(`${path}.${name}.bn`, writer.conv(`${path}.${name}.conv`, x, conv), norm);
  const z =
    block instanceof RepVggBlock
      ? writer.sum(`${path}.sum`, [
          branch("rbr_dense", block.dense),
          branch("rbr_1x1", block.pointwise),
          ...(block.identity ? [writer.norm(`${path}.rbr_identity`, x, block.identity)] : []),
        ])
      : writer.conv(`${path}.rbr_reparam`, x, block.conv);
  return writer.relu(`${path}.relu`, z);
}

/** Adds the blocks of `model` behind the value `images`; returns the value of its features. */
export const toOnnx = (writer: LayerWriter, model: RepVgg, images: string): string =>
  model.blocks.reduce((x, block) => writeBlock(writer, x, block), images);
