/**
 * `export --dtype float16 | int8`: the file, what it costs by our own count, and what ONNX Runtime, where it is installed, answers on
 * the same pictures.
 */
import { noGrad } from "../../autograd/tape.js";
import type { DataSource } from "../../data/sets/dataset.js";
import { OnnxError } from "../../io/onnx/index.js";
import { encodeOnnx, type OnnxFile, type OnnxOptions } from "../../models/files/onnx.js";
import type { Classifier } from "../../models/index.js";
import { equalAnswers, signalToNoise } from "../../models/quantize/calibration.js";
import { encodeOnnxFloat16, encodeOnnxInt8, type Pictures, type QuantizedFile } from "../../models/quantize/index.js";
import { tensor } from "../../tensor/create.js";
import { Random } from "../../tensor/random.js";
import { scope } from "../../tensor/scope.js";
import { calibrationPictures } from "../../train/calibration-pictures.js";
import { readRunSettings } from "../../train/runs/run-file.js";
import { UsageError } from "../../util/errors.js";
import { formatBytes, formatTable } from "../../util/format.js";
import { installLine } from "../../util/optional-packages.js";
import type { Terminal } from "../../util/terminal.js";
import { channelsFirst, runInOnnxRuntime } from "../onnx-runtime.js";
import { demoData } from "../paths.js";

/** Layers that are shown of those that were measured; --json has all. */
const SHOWN_LAYERS = 8;
/** Decibels that a runtime may add to our own count before its arithmetic is another. */
const RUNTIME_SLACK = 6;
/** What float16 has to keep: 11 bits of every number, over some forty layers. */
const LEAST_FLOAT16 = 30;
/** Random pictures that a float16 file is tried on. */
const TRIED = 8;

export interface SmallerRequest {
  readonly dtype: "float16" | "int8";
  readonly calibrate: DataSource | undefined;
  readonly calibrationImages: number;
  readonly keepFloat: readonly string[];
  readonly measureLayers: boolean;
}

/** What the options ask for; null for float32. Throws UsageError for options of int8 without it. */
export function smallerRequest(values: {
  readonly dtype: "float32" | "float16" | "int8";
  readonly form: string;
  readonly calibrate: DataSource | undefined;
  readonly calibrationImages: number;
  readonly keepFloat: string | undefined;
  readonly measureLayers: boolean;
}): SmallerRequest | null {
  const { dtype, form, calibrate, calibrationImages, keepFloat, measureLayers } = values;
  const isOfInt8 = calibrate !== undefined || keepFloat !== undefined || measureLayers;
  if (dtype !== "int8" && isOfInt8)
    throw new UsageError(
      `export: --calibrate, --keep-float or --measure-layers with --dtype ${dtype}, expected --dtype int8`,
    );
  if (dtype === "int8" && form !== "deploy")
    throw new UsageError("export: --dtype int8 --form train, expected the deploy form, which has no batch norms");
  if (dtype === "float32") return null;
  const names = keepFloat?.split(",").filter((name) => name !== "") ?? [];
  return { dtype, calibrate, calibrationImages, keepFloat: names, measureLayers };
}

export interface SmallerFile {
  readonly file: OnnxFile;
  readonly lines: readonly string[];
  readonly json: { readonly [name: string]: unknown };
}

/** The data set of the run that `input` is the folder of. */
async function dataOf(input: string): Promise<DataSource> {
  const settings = await readRunSettings(input).catch(() => null);
  if (settings) return settings.data ?? demoData;
  throw new UsageError(
    "export: --dtype int8 without --calibrate, and IN is no folder of a run that would know its pictures",
    "--calibrate DIR names pictures that the model was trained on",
  );
}

/** Throws OnnxError where ONNX Runtime's answers are further off than rounding explains. */
export async function encodeSmaller(
  model: Classifier,
  options: OnnxOptions,
  request: SmallerRequest & { readonly folder: string; readonly terminal: Terminal },
): Promise<SmallerFile> {
  const { imageSize, resize: resizeSize } = options.preprocessing;
  const { dtype, terminal } = request;
  const pictures =
    dtype === "int8"
      ? await calibrationPictures(request.calibrate ?? (await dataOf(request.folder)), {
          imageSize,
          resizeSize,
          count: request.calibrationImages,
        })
      : randomPictures(model, imageSize);
  terminal.update(`${dtype}: ${pictures.shape[0]} pictures of ${imageSize} px`);
  const { keepFloat, measureLayers } = request;
  const quantized =
    dtype === "int8" ? await encodeOnnxInt8(model, options, { pictures, keepFloat, measureLayers }) : null;
  const file = quantized ?? (await encodeOnnxFloat16(model, options));
  const floatBytes = (await encodeOnnx(model, options)).bytes.length;
  const runtime = options.normalizes ? null : await runtimeOf(file, model, pictures);
  terminal.clear();
  const least = quantized ? quantized.signalToNoise[quantized.rule]! - RUNTIME_SLACK : LEAST_FLOAT16;
  // a noise that is no number is no small one
  if (runtime && !(runtime.signalToNoise >= least))
    throw new OnnxError(
      `export: logits in ${runtime.runtime} are ${runtime.signalToNoise.toFixed(1)} dB over their rounding, expected at least ${least.toFixed(1)}; nothing was written`,
      "its arithmetic is not that of the file's types: another runtime or processor may do better",
    );
  const share = file.bytes.length / floatBytes;
  return {
    file,
    lines: [
      `${dtype}: ${(100 * share).toFixed(1)} % of ${formatBytes(floatBytes)} in float32`,
      ...(quantized ? linesOf(quantized) : []),
      runtime
        ? `${runtime.runtime}: ${runtime.equalAnswers} of ${runtime.pictures} answers stay, logits ${runtime.signalToNoise.toFixed(1)} dB over their rounding`
        : options.normalizes
          ? "not run in ONNX Runtime: bytes are normalised in the graph; the same file without --preprocess is"
          : `not run: no ONNX Runtime is installed (${installLine("onnxruntime-web")}, or onnxruntime-node)`,
    ],
    json: {
      dtype,
      opset: file.opset,
      operators: file.operators,
      weights: file.weightCount,
      bytes: file.bytes.length,
      floatBytes,
      inputs: [file.input],
      outputs: [file.output],
      ...(quantized && {
        calibrationImages: quantized.pictures,
        rule: quantized.rule,
        signalToNoise: quantized.signalToNoise,
        equalAnswers: quantized.equalAnswers,
        keepFloat,
        layers: quantized.layers,
      }),
      verification: runtime,
    },
  };
}

function linesOf(file: QuantizedFile): string[] {
  const rules = Object.entries(file.signalToNoise).map(([rule, decibels]) => `${rule} ${decibels.toFixed(1)} dB`);
  const layers = file.layers
    .slice(0, SHOWN_LAYERS)
    .map(({ name, signalToNoise: decibels }) => [`  ${name}`, `${decibels.toFixed(1)} dB`]);
  return [
    `ranges by ${file.rule} (${rules.join(", ")}) over ${file.pictures} pictures: ${file.equalAnswers} answers stay`,
    ...(layers.length > 0 ? ["layers that cost most, rounded alone:", ...formatTable(layers, [false, true])] : []),
  ];
}

function randomPictures(model: Classifier, side: number): Pictures {
  const random = new Random(0);
  const values = Float32Array.from({ length: TRIED * side * side * model.inChannels }, () => random.normal());
  return { values, shape: [TRIED, side, side, model.inChannels] };
}

interface RuntimeFigures {
  /** Package and version. */
  readonly runtime: string;
  readonly pictures: number;
  readonly equalAnswers: number;
  /** Decibels of our float32 logits over the difference. */
  readonly signalToNoise: number;
}

async function runtimeOf(file: OnnxFile, model: Classifier, pictures: Pictures): Promise<RuntimeFigures | null> {
  const [count, height, width, channels] = pictures.shape;
  const logits = noGrad(() => scope(() => model.forward(tensor(pictures.values, pictures.shape))));
  const expected = await logits.data<Float32Array>();
  logits.dispose();
  const input = {
    name: file.input.name,
    data: channelsFirst(pictures.values, pictures.shape),
    shape: [count, channels, height, width],
  };
  const answer = await runInOnnxRuntime(file.bytes, input, file.output.name);
  if (!answer) return null;
  const found = Float32Array.from(answer.values);
  return {
    runtime: answer.runtime,
    pictures: count,
    equalAnswers: equalAnswers(expected, found, model.numClasses),
    signalToNoise: signalToNoise(expected, found),
  };
}
