/**
 * Models as smaller ONNX files: float16, or int8 by post-training static quantisation. Per-channel weights, ranges from pictures,
 * the rule for ranges chosen by what it costs on these pictures.
 */
import { OnnxError } from "../../io/onnx/graph.js";
import type { GraphProto } from "../../io/onnx/schema.js";
import type { Classifier } from "../classifier.js";
import { fileOf, graphOf, type OnnxFile, type OnnxOptions } from "../files/onnx.js";
import { Calibration, equalAnswers, type Pictures, signalToNoise } from "./calibration.js";
import { toFloat16 } from "./half.js";
import { planQuantization, type QuantizationPlan } from "./plan.js";
import { quantizeGraph } from "./quantized-graph.js";
import { type Quantizer, type RangeRule, rangeRules } from "./ranges.js";

export type { Pictures } from "./calibration.js";
export { type RangeRule, rangeRules } from "./ranges.js";

/** How a model becomes int8. */
export interface QuantizeOptions {
  /** Some hundred pictures that the model was trained on, as it sees them in evaluation. */
  readonly pictures: Pictures;
  /** How ranges follow from what was seen. Default: the one that changes the logits of `pictures` least. */
  readonly rule?: RangeRule;
  /** Layers that stay float32, by their names in the file, such as "backbone.stage0.branch_reparam". Default: none. */
  readonly keepFloat?: readonly string[];
  /** Whether each layer is rounded alone as well, to see what it costs: a pass over the pictures for each. Default false. */
  readonly measureLayers?: boolean;
}

/** What int8 changes, on the pictures of the calibration. */
export interface QuantizedFile extends OnnxFile {
  readonly rule: RangeRule;
  /** Decibels of the logits over what rounding adds to them, by rule. */
  readonly signalToNoise: Readonly<Partial<Record<RangeRule, number>>>;
  /** Pictures whose likeliest class stays. */
  readonly equalAnswers: number;
  readonly pictures: number;
  /** Layers rounded alone, the costliest first; empty unless measured. */
  readonly layers: readonly { readonly name: string; readonly signalToNoise: number }[];
}

/**
 * The float16 ONNX file of a model in evaluation mode: weights and arithmetic float16, input and output as encodeOnnx has them. Throws
 * as encodeOnnx does, and OnnxError for a weight beyond float16's range.
 */
export async function encodeOnnxFloat16(model: Classifier, options: OnnxOptions): Promise<OnnxFile> {
  const { graph, ...ports } = await graphOf(model, options);
  return fileOf(model, toFloat16(graph), { ...ports, options });
}

/** Of bytes the graph behind their normalisation: what calibration runs. */
function normalizedPart(graph: GraphProto): GraphProto {
  const isPart = ({ name }: { readonly name: string }) => !name.startsWith("normalize.");
  const last = graph.node.filter((one) => !isPart(one)).at(-1);
  if (!last) return graph;
  const [input] = graph.input;
  return {
    ...graph,
    input: [{ ...input!, name: last.output[0]! }],
    node: graph.node.filter(isPart),
    initializer: graph.initializer.filter(isPart),
  };
}

/**
 * The int8 ONNX file (QDQ) of a model in deploy form: int8 weights with a scale for each output channel, uint8 activations, int32
 * biases, squeeze-and-excitation in float32. Runs `pictures` on the backend in use. Throws as encodeOnnx does, and OnnxError for
 * a model with batch norms, pictures of another size and unknown names in `keepFloat`.
 */
export async function encodeOnnxInt8(
  model: Classifier,
  options: OnnxOptions,
  { pictures, rule, keepFloat, measureLayers = false }: QuantizeOptions,
): Promise<QuantizedFile> {
  if (!model.isDeployed)
    throw new OnnxError(
      "onnx: int8 of a model with batch norms, expected its deploy form",
      "models.reparameterize(model) gives it",
    );
  const { imageSize } = options.preprocessing;
  const [count, height, width, channels] = pictures.shape;
  if (count < 1 || height !== imageSize || width !== imageSize || channels !== model.inChannels)
    throw new OnnxError(
      `onnx: pictures [${pictures.shape.join(", ")}], expected [count, ${imageSize}, ${imageSize}, ${model.inChannels}] to calibrate with`,
    );
  const { graph, ...ports } = await graphOf(model, options);
  const part = normalizedPart(graph);
  const plan = planQuantization(part, keepFloat);
  const calibration = await Calibration.of(part, plan.values, pictures);
  const expected = await calibration.logits();
  const tried = [];
  for (const one of rule === undefined ? rangeRules : [rule]) {
    const quantizers = calibration.quantizers(one);
    const logits = await calibration.logits(plan, quantizers);
    tried.push({ rule: one, quantizers, logits, quality: signalToNoise(expected, logits) });
  }
  const best = tried.reduce((most, one) => (one.quality > most.quality ? one : most));
  const quantized = quantizeGraph(graph, plan, best.quantizers);
  return {
    ...fileOf(model, quantized, { ...ports, options }),
    rule: best.rule,
    signalToNoise: Object.fromEntries(tried.map((one) => [one.rule, one.quality])),
    equalAnswers: equalAnswers(expected, best.logits, model.numClasses),
    pictures: count,
    layers: measureLayers ? await costs(calibration, plan, best.quantizers, expected) : [],
  };
}

/** Each layer with its input rounded, all others as they are. */
async function costs(
  calibration: Calibration,
  plan: QuantizationPlan,
  quantizers: ReadonlyMap<string, Quantizer>,
  expected: Float32Array,
): Promise<QuantizedFile["layers"]> {
  const found = [];
  for (const layer of plan.layers) {
    const alone = { layers: [layer], storedLayers: [], values: new Set([layer.input[0]!]) };
    found.push({
      name: layer.name,
      signalToNoise: signalToNoise(expected, await calibration.logits(alone, quantizers)),
    });
  }
  return found.sort((a, b) => a.signalToNoise - b.signalToNoise);
}
