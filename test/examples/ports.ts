/** The networks of examples/ with the weights and images of test/golden/ports/make-ports.py. */
import { readFileSync } from "node:fs";
import { ConvNeXtTiny } from "../../examples/convnext-tiny.js";
import { MobileNetV3Small } from "../../examples/mobilenet-v3-small.js";
import { VitTiny } from "../../examples/vit-tiny.js";
import { io, type nn, type Tensor, tensor } from "../../src/index.js";
import { toFileEntries } from "../../src/io/state-dict-file.js";
import { uniform } from "../models/uniform.js";

type FloatDType = nn.FloatDType;

interface Golden {
  readonly side: number;
  /** Of every entry of the state dict, as files have it. */
  readonly entries: Readonly<Record<string, readonly number[]>>;
  /** [2, classes], one after the other. */
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Digest>>;
}

/** Largest, norm, projection on a random direction, first and last. */
export type Digest = readonly [maxAbs: number, norm: number, along: number, first: number, last: number];

export type PortName = "mobilenet_v3_small" | "convnext_tiny" | "vit_tiny";

export const golden = JSON.parse(readFileSync(new URL("../golden/ports/ports.json", import.meta.url), "utf8")) as {
  readonly classes: number;
  readonly seed: number;
  readonly logitsSide: number;
  readonly models: Readonly<Record<PortName, Golden>>;
};

/** Of the script: whose numbers are images, and where those of projections begin. */
const IMAGES_STREAM = 999;
export const FIRST_PROJECTION = 1000;

const { classes: numClasses, seed } = golden;

/** Without what chance does in training. */
const makers: { readonly [N in PortName]: (side: number, layer: nn.LayerOptions) => nn.Module } = {
  mobilenet_v3_small: (_, layer) => new MobileNetV3Small({ numClasses, dropout: 0, ...layer }),
  convnext_tiny: (_, layer) => new ConvNeXtTiny({ numClasses, stochasticDepthProb: 0, ...layer }),
  vit_tiny: (imageSize, layer) => new VitTiny({ numClasses, imageSize, ...layer }),
};

export const portNames = Object.keys(makers) as PortName[];

function valuesOf(name: string, shape: readonly number[], stream: number, size: number): Float64Array {
  const drawn = uniform(seed, stream, size);
  if (/layer_scale$|class_token$|pos_embedding$/.test(name)) return drawn.map((value) => 0.5 * value);
  if (shape.length > 1) {
    const bound = Math.sqrt(3 / (size / shape[0]!));
    return drawn.map((value) => value * bound);
  }
  if (name.endsWith("running_var")) return drawn.map((value) => 1 + 0.5 * value);
  if (name.endsWith("weight")) return drawn.map((value) => 1 + 0.2 * value);
  return drawn.map((value) => 0.1 * value);
}

/** The entries of a file of torchvision's, as the script fills them, in the order that its state dict has. */
async function entriesFor(name: PortName, model: nn.Module): Promise<Map<string, io.StoredTensor>> {
  const entries = await toFileEntries(model);
  for (const [stream, key] of Object.keys(golden.models[name].entries).entries()) {
    const { shape, values } = entries.get(key)!;
    if (!key.endsWith("num_batches_tracked"))
      entries.set(key, { shape, values: valuesOf(key, shape, stream, values.length) });
  }
  return entries;
}

/** The network, loaded as a file of torchvision's is. */
export async function filledPort(name: PortName, side: number, dtype: FloatDType): Promise<nn.Module> {
  const model = makers[name](side, { dtype, init: "zeros" });
  io.loadFileEntries(model, await entriesFor(name, model));
  return model;
}

/** The script's images, [N, C, H, W] there and [N, H, W, C] here. */
export function images(side: number, batch: number, dtype: FloatDType): Tensor {
  const nchw = uniform(seed, IMAGES_STREAM, batch * 3 * side * side);
  return tensor(nchw, [batch, 3, side, side], { dtype }).permute([0, 2, 3, 1]);
}
