/** MobileOne as layers of an ONNX graph, in either form. Values are named as the modules of the state dict. */
import { OnnxError } from "../../io/onnx/index.js";
import type { SqueezeExcite } from "../../nn/squeeze-excite.js";
import type { LayerWriter } from "../files/onnx-layers.js";
import { type ConvNorm, DeployedBlock, MobileOneBlock } from "./block.js";
import type { MobileOne } from "./mobileone.js";

function convNorm(writer: LayerWriter, path: string, x: string, { conv, norm }: ConvNorm): string {
  return writer.norm(`${path}.norm`, writer.conv(`${path}.conv`, x, conv), norm);
}

/** Σ branches(x), in mmpretrain's order. */
function branches(writer: LayerWriter, path: string, x: string, { skip, scale, convs }: MobileOneBlock): string {
  return writer.sum(`${path}.sum`, [
    ...(skip ? [writer.norm(`${path}.branch_norm`, x, skip)] : []),
    ...(scale ? [convNorm(writer, `${path}.branch_scale`, x, scale)] : []),
    ...convs.map((branch, i) => convNorm(writer, `${path}.branch_conv_list.${i}`, x, branch)),
  ]);
}

function squeezeExcite(writer: LayerWriter, path: string, x: string, { reduce, expand }: SqueezeExcite): string {
  const squeezed = writer.globalAvgPool(`${path}.mean`, x);
  const reduced = writer.relu(`${path}.relu`, writer.conv(`${path}.conv1.conv`, squeezed, reduce));
  const gate = writer.sigmoid(`${path}.sigmoid`, writer.conv(`${path}.conv2.conv`, reduced, expand));
  return writer.product(`${path}.mul`, x, gate);
}

/** One block, [N, Cin, H, W] -> [N, Cout, OH, OW]. Throws OnnxError for a block of another class. */
function writeBlock(writer: LayerWriter, x: string, block: MobileOneBlock | DeployedBlock): string {
  const path = `backbone.${block.spec.name}`;
  let z: string;
  if (block instanceof MobileOneBlock) z = branches(writer, path, x, block);
  else if (block instanceof DeployedBlock) z = writer.conv(`${path}.branch_reparam`, x, block.conv);
  else throw new OnnxError(`onnx: ${path} is no MobileOne block`, "only MobileOne's own blocks can be written");
  const gate = block.squeezeExcite;
  return writer.relu(`${path}.relu`, gate ? squeezeExcite(writer, `${path}.se`, z, gate) : z);
}

/** Adds the blocks of `model` behind the value `images`; returns the value of its features. */
export const toOnnx = (writer: LayerWriter, model: MobileOne, images: string): string =>
  model.blocks.reduce((x, block) => writeBlock(writer, x, block), images);
