/** `export IN OUT.onnx`: writes a model as an ONNX file, once ONNX Runtime, where it is installed, has answered as we do. */
import { imagenetMean, imagenetStd } from "../../data/transforms/normalize.js";
import { OnnxError, type Port } from "../../io/onnx/index.js";
import { encodeOnnx, type OnnxFile } from "../../models/files/onnx.js";
import { foldLoaded } from "../../train/checkpoints/fold-model.js";
import { loadModel } from "../../train/checkpoints/run-weights.js";
import { imageSizes } from "../../train/recipes/image-sizes.js";
import { expectUsable } from "../../train/steps/finite.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { UsageError } from "../../util/errors.js";
import { formatBytes, formatCount } from "../../util/format.js";
import { installLine } from "../../util/optional-packages.js";
import { certificateJson, certificateLine } from "../certificate.js";
import { defineCommand } from "../command.js";
import { encodeSmaller, smallerRequest } from "../export/smaller.js";
import { localWeights } from "../local-weights.js";
import { checkOnnx, ONNX_TOLERANCE, type OnnxVerification } from "../onnx-check.js";
import { choice, flag, integer, text, textOrTexts } from "../options.js";
import { checkOutput, shownPath } from "../paths.js";
import { commonOptions, computeOptions, startBackend, weightsOption } from "../shared-options.js";

const forms = ["deploy", "train"] as const;
const dtypes = ["float32", "float16", "int8"] as const;

export const exporting = defineCommand({
  name: "export",
  summary: "Writes a model as an ONNX file, and checks it in ONNX Runtime where that is installed",
  positionals: { names: ["IN", "OUT.onnx"] },
  options: {
    form: choice(forms, {
      help: "deploy, without branches and batch norms, folding a training file on the way, or train, as it is evaluated",
      default: "deploy",
    }),
    dtype: choice<(typeof dtypes)[number]>(dtypes, {
      help: "float16 for weights and arithmetic; int8 for both, calibrated with pictures, of the deploy form",
      default: "float32",
    }),
    calibrate: textOrTexts({
      help: "int8: a data set whose training pictures show the ranges of values; default: that of the run in IN",
      placeholder: "DIR",
    }),
    calibrationImages: integer({ help: "int8: how many of these pictures", default: 100, max: 10_000 }),
    keepFloat: text({
      help: "int8: layers that stay float32, by their names in the file, with commas between them",
      placeholder: "NAME",
    }),
    measureLayers: flag({ help: "int8: round every layer alone too, and show the costliest" }),
    weights: weightsOption,
    imageSize: integer({ help: "side of the pictures; default: what the model was trained for", max: 4096 }),
    preprocess: flag({ help: "take bytes [N, H, W, 3] and normalise them inside the graph" }),
    force: flag({ help: "replace OUT.onnx if it exists" }),
    ...computeOptions,
    ...commonOptions,
  },
  examples: [
    "export runs/s0/model.safetensors s0.onnx",
    "export runs/s0/model-deploy.safetensors s0-bytes.onnx --preprocess",
    "export runs/s0 s0-half.onnx --dtype float16",
    "export runs/s0 s0-int8.onnx --dtype int8 --measure-layers",
    "export s0.safetensors s0-int8.onnx --dtype int8 --calibrate my-pictures --calibration-images 200 --keep-float logits",
  ],
  async run(values, [input = "", out = ""], { terminal }) {
    if (!out.endsWith(".onnx"))
      throw new UsageError(
        `export: ${out}, expected a name that ends with .onnx`,
        "reparameterize writes .safetensors",
      );
    checkOutput("export", input, out, values.force);
    const asked = smallerRequest(values);
    await startBackend(values);
    const local = await localWeights(input, terminal);
    const { model: source, classes, info } = await loadModel(local, { weights: values.weights });
    await expectUsable(`export: ${input}`, source);
    if (values.form === "train" && source.isDeployed)
      throw new UsageError(
        `export: --form train, but ${input} is in deploy form already`,
        "name the training file, or leave --form away",
      );
    const { imageSize, resizeSize: resize } = imageSizes(info.model, info.images, values.imageSize);
    const preprocessing = { imageSize, resize, mean: imagenetMean, std: imagenetStd };
    const folded =
      values.form === "deploy" && !source.isDeployed ? await foldLoaded({ model: source, info }, imageSize) : null;
    const model = folded?.model ?? source;
    if (folded) terminal.print(certificateLine(folded.certificate));
    const options = { preprocessing, normalizes: values.preprocess, classes, name: info.model };
    if (asked) {
      const smaller = await encodeSmaller(model, options, { ...asked, folder: local, terminal });
      await writeFileAtomic(out, smaller.file.bytes);
      for (const line of smaller.lines) terminal.print(line);
      terminal.print(`wrote ${shownPath(out)}  ${formatBytes(smaller.file.bytes.length)}`);
      const certificate = folded && certificateJson(folded.certificate);
      return { json: { input, output: out, model: info.model, form: values.form, certificate, ...smaller.json } };
    }
    const file = await encodeOnnx(model, options);
    const verification = await checkOnnx(file, model, preprocessing);
    refuseDifference(out, verification);
    await writeFileAtomic(out, file.bytes);
    for (const line of described(file, verification)) terminal.print(line);
    terminal.print(`wrote ${shownPath(out)}  ${formatBytes(file.bytes.length)}`);
    const { opset, operators, weightCount, bytes } = file;
    return {
      json: {
        input,
        output: out,
        model: info.model,
        form: values.form,
        opset,
        operators,
        weights: weightCount,
        bytes: bytes.length,
        inputs: [file.input],
        outputs: [file.output],
        certificate: folded && certificateJson(folded.certificate),
        verification,
      },
    };
  },
});

function refuseDifference(out: string, verification: OnnxVerification | null): void {
  // a difference that is no number is none below the tolerance either
  if (!verification || verification.relativeError <= ONNX_TOLERANCE) return;
  throw new OnnxError(
    `export: ${verification.runtime} differs from us by ${verification.relativeError.toExponential(1)} of the largest logit, expected at most ${ONNX_TOLERANCE}; ${out} was not written`,
    "please report this with the model's file",
  );
}

const port = ({ name, dtype, shape }: Port): string => `${name} ${dtype} [${shape.join(", ")}]`;

function described(file: OnnxFile, verification: OnnxVerification | null): string[] {
  const operators = Object.entries(file.operators).map(([name, count]) => `${count} ${name}`);
  return [
    `${port(file.input)} -> ${port(file.output)}`,
    `opset ${file.opset}: ${operators.join(", ")}; ${formatCount(file.weightCount)} weights`,
    verification
      ? `${verification.runtime}: logits within ${verification.relativeError.toExponential(1)} of the largest on ${verification.images} images`
      : `not run: no ONNX Runtime is installed (${installLine("onnxruntime-web")}, or onnxruntime-node)`,
  ];
}
