/**
 * A model as the bytes of an ONNX file: its graph with a free batch size, and in the metadata what a program needs to use
 * it: classes, and how a picture becomes the input. Files beyond 2 GB, which would need external data, are refused.
 */
import { GraphBuilder, OnnxError, type Port } from "../../io/onnx/graph.js";
import { dataTypes, type GraphProto, type ModelProto, modelFields } from "../../io/onnx/schema.js";
import { encodeMessage } from "../../io/protobuf.js";
import { toFileEntries } from "../../io/state-dict-file.js";
import { sizeOf } from "../../tensor/shape.js";
import type { Classifier } from "../classifier.js";
import { familyOfClassifier } from "../families.js";
import { LayerWriter } from "./onnx-layers.js";

/** Operators as of ONNX 1.8 (2020): everything needed is there, and every runtime in use knows it. */
export const ONNX_OPSET = 13;
/** The file format that came with that operator set. */
const IR_VERSION = 7;
/** A protobuf message is at most 2 GB. */
const LARGEST_FILE = 2 ** 31 - 1;

const INPUT = "images";
const OUTPUT = "logits";

/** How a picture becomes the network's input: short side to `resize`, centre crop, (value − mean) / std per channel. */
export interface Preprocessing {
  /** Side of the square that the network sees. */
  readonly imageSize: number;
  /** Length of the short side before the crop. */
  readonly resize: number;
  /** By channel, in 0..255. */
  readonly mean: readonly number[];
  /** By channel, in 0..255. */
  readonly std: readonly number[];
}

/** What an ONNX file holds beside the graph of the logits. */
export interface OnnxOptions {
  readonly preprocessing: Preprocessing;
  /** Whether the graph takes bytes [N, H, W, C] and normalises them itself, instead of normalised floats [N, C, H, W]. Default false. */
  readonly normalizes?: boolean;
  /** In the order of the logits. */
  readonly classes?: readonly string[] | null;
  /** Name of the model in the file. Default: its family's, in small letters. */
  readonly name?: string;
  /** Further metadata, texts by name; the names above stay what they are. */
  readonly about?: Readonly<Record<string, string>>;
}

/** What was written. */
export interface OnnxFile {
  readonly bytes: Uint8Array;
  readonly opset: number;
  readonly input: Port;
  readonly output: Port;
  /** How many nodes there are of each operator, the most frequent first. */
  readonly operators: Readonly<Record<string, number>>;
  /** Numbers in the weights, statistics of batch norms included. */
  readonly weightCount: number;
}

function inputPort(channels: number, { preprocessing: { imageSize }, normalizes = false }: OnnxOptions): Port {
  return normalizes
    ? {
        name: INPUT,
        dtype: "uint8",
        shape: ["batch", imageSize, imageSize, channels],
        about: "bytes of resized and cropped pictures, red green blue",
      }
    : {
        name: INPUT,
        dtype: "float32",
        shape: ["batch", channels, imageSize, imageSize],
        about: "normalised pictures, red green blue: (value - mean) / std",
      };
}

/** bytes [N, H, W, C] -> normalised [N, C, H, W]; returns its name. */
function normalize(graph: GraphBuilder, { mean, std }: Preprocessing): string {
  const row = (name: string, values: readonly number[]) =>
    graph.weight(name, { shape: [values.length], values: Float32Array.from(values) });
  const floats = graph.node("Cast", "normalize.cast", [INPUT], { to: dataTypes.float32 });
  const centred = graph.node("Sub", "normalize.sub", [floats, row("normalize.mean", mean)]);
  const scaled = graph.node("Div", "normalize.div", [centred, row("normalize.std", std)]);
  return graph.node("Transpose", "normalize.transpose", [scaled], { perm: [0, 3, 1, 2] });
}

/** Metadata for programs: classes as a JSON list, preprocessing as a JSON object. */
function metadata(model: Classifier, options: OnnxOptions): ModelProto["metadataProps"] {
  const { preprocessing, normalizes = false, classes, name, about } = options;
  const { imageSize, resize, mean, std } = preprocessing;
  const steps = {
    resizeShortSide: resize,
    interpolation: "bilinear, antialiased (Pillow)",
    centerCrop: imageSize,
    colorOrder: "RGB",
    layout: normalizes ? "NHWC" : "NCHW",
    valueRange: [0, 255],
    mean,
    std,
    isNormalizedInGraph: normalizes,
  };
  const entries = {
    ...about,
    ...(name !== undefined && { model: name }),
    form: model.isDeployed ? "deploy" : "train",
    num_classes: String(model.numClasses),
    ...(classes && { classes: JSON.stringify(classes) }),
    preprocessing: JSON.stringify(steps),
  };
  return Object.entries(entries).map(([key, value]) => ({ key, value }));
}

function operatorsOf(graph: GraphProto): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { opType } of graph.node) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

function check(model: Classifier, { preprocessing, classes }: OnnxOptions): void {
  if (model.training)
    throw new OnnxError("onnx: the model is in training mode, expected evaluation", "call model.eval() first");
  if (classes && classes.length !== model.numClasses)
    throw new OnnxError(`onnx: ${classes.length} class names for ${model.numClasses} logits, expected one for each`);
  const { imageSize, mean, std } = preprocessing;
  if (!Number.isInteger(imageSize) || imageSize < 1)
    throw new OnnxError(`onnx: imageSize is ${imageSize}, expected a positive integer`);
  const channels = model.inChannels;
  if (mean.length !== channels || std.length !== channels)
    throw new OnnxError(`onnx: ${mean.length} means and ${std.length} deviations, expected ${channels} of each`);
}

/**
 * The ONNX file of a model in evaluation mode, in the form it has: images -> logits [N, classes]. Equal models and
 * options give equal bytes. Throws OnnxError for a model in training mode, weights that are not finite, options that do
 * not fit.
 */
export async function encodeOnnx(model: Classifier, options: OnnxOptions): Promise<OnnxFile> {
  const { graph, input, output } = await graphOf(model, options);
  return fileOf(model, graph, { input, output, options });
}

/** The graph of encodeOnnx, before it becomes a file. */
export async function graphOf(
  model: Classifier,
  options: OnnxOptions,
): Promise<{ readonly graph: GraphProto; readonly input: Port; readonly output: Port }> {
  check(model, options);
  const input = inputPort(model.inChannels, options);
  const output: Port = { name: OUTPUT, dtype: "float32", shape: ["batch", model.numClasses] };
  const graph = new GraphBuilder([input]);
  const images = options.normalizes ? normalize(graph, options.preprocessing) : INPUT;
  const family = familyOfClassifier(model);
  const writer = new LayerWriter(graph, await toFileEntries(model));
  writer.head(model.classifierName, family.toOnnx(writer, model, images), OUTPUT);
  return { graph: graph.finish(options.name ?? family.name.toLowerCase(), [output]), input, output };
}

/** A graph with what programs need to know, as bytes. Throws OnnxError where they are too many for one file. */
export function fileOf(
  model: Classifier,
  finished: GraphProto,
  { input, output, options }: { readonly input: Port; readonly output: Port; readonly options: OnnxOptions },
): OnnxFile {
  const bytes = encodeMessage<ModelProto>(modelFields, {
    irVersion: IR_VERSION,
    producerName: "tensorone",
    graph: finished,
    opsetImport: [{ domain: "", version: ONNX_OPSET }],
    metadataProps: metadata(model, options),
  });
  if (bytes.length > LARGEST_FILE)
    throw new OnnxError(`onnx: the file would have ${bytes.length} bytes, expected at most ${LARGEST_FILE}`);
  return {
    bytes,
    opset: ONNX_OPSET,
    input,
    output,
    operators: operatorsOf(finished),
    weightCount: finished.initializer.reduce((sum, { dims }) => sum + sizeOf(dims), 0),
  };
}
