/** `convert IN OUT`: weights from one container and one set of names to another; values stay what they are. */
import { statSync } from "node:fs";
import { setBackend } from "../../backends/backend.js";
import { familyOf } from "../../models/index.js";
import { convertToMmengine } from "../../train/checkpoints/mmengine-file.js";
import { containerOf, expectWeightsName, saveModelFile } from "../../train/checkpoints/model-file.js";
import { loadModel } from "../../train/checkpoints/run-weights.js";
import { UsageError } from "../../util/errors.js";
import { formatBytes } from "../../util/format.js";
import { defineCommand } from "../command.js";
import { keysOption } from "../keys-option.js";
import { localWeights } from "../local-weights.js";
import { flag } from "../options.js";
import { checkOutput, shownPath } from "../paths.js";
import { commonOptions, weightsOption } from "../shared-options.js";

/** How the containers are called to people. */
const spoken = { safetensors: "safetensors", torch: "PyTorch" } as const;

export const conversion = defineCommand({
  name: "convert",
  summary: "Converts weights between PyTorch and safetensors, and between the names of different tools",
  positionals: { names: ["IN", "OUT"] },
  options: {
    weights: weightsOption,
    keys: keysOption,
    full: flag({
      help: "IN is a checkpoint at the end of an epoch, OUT one that mmengine resumes: all weights, optimiser",
    }),
    force: flag({ help: "replace OUT if it exists" }),
    ...commonOptions,
  },
  examples: [
    "convert mobileone_s0_unfused.pth.tar s0.safetensors",
    "convert runs/s0/model.safetensors s0.pth --keys apple",
    "convert runs/s0/model.safetensors s0-timm.safetensors --keys timm",
    "convert runs/s0 epoch_10.pth --full",
  ],
  async run({ keys, full, force, weights }, [input = "", out = ""], { terminal }) {
    if (full && weights !== undefined)
      throw new UsageError(
        `convert: --full with --weights ${weights}, expected one of them`,
        "--full writes both sets",
      );
    if (full && ((keys ?? "mmpretrain") !== "mmpretrain" || containerOf(out) !== "torch"))
      throw new UsageError(
        `convert: --full to ${out} with ${keys ?? "mmpretrain"} names, expected a .pth file with mmpretrain's`,
      );
    expectWeightsName("convert", out);
    checkOutput("convert", input, out, force);
    await setBackend("reference");
    terminal.update(`reading ${shownPath(input)}`);
    const { model, classes, info, origin, path } = await loadModel(await localWeights(input, terminal), {
      weights: full ? "averaged" : weights,
    });
    const found = origin.found === null ? "" : `, its ${origin.found}`;
    terminal.print(
      `${info.model}  ${info.form} form  ${info.numClasses} classes  from ${spoken[origin.container]}, ${origin.keys} names${found}`,
    );
    terminal.update(`writing ${shownPath(out)}`);
    if (full) await convertToMmengine(path, out, model.stateDict().keys());
    else
      await saveModelFile(
        out,
        model,
        { classes, recipe: info.images && { images: info.images } },
        { ...(keys && { keys }) },
      );
    const container = containerOf(out);
    const written = keys ?? familyOf(info.model).ownKeys;
    const bytes = statSync(out).size;
    terminal.print(`wrote ${shownPath(out)}  ${spoken[container]}, ${written} names  ${formatBytes(bytes)}`);
    const { model: name, form, numClasses } = info;
    return {
      json: {
        input,
        output: out,
        model: name,
        form,
        numClasses,
        from: origin,
        to: { container, keys: written, full },
        bytes,
      },
    };
  },
});
