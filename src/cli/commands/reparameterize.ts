/** `reparameterize IN OUT`: folds the branches of a trained model, verifies the result, writes it; .safetensors or .pth. */
import { statSync } from "node:fs";
import { foldLoaded } from "../../train/checkpoints/fold-model.js";
import { expectWeightsName, saveModelFile } from "../../train/checkpoints/model-file.js";
import { loadModel } from "../../train/checkpoints/run-weights.js";
import { formatBytes } from "../../util/format.js";
import { certificateJson, certificateLine } from "../certificate.js";
import { defineCommand } from "../command.js";
import { keysOption } from "../keys-option.js";
import { localWeights } from "../local-weights.js";
import { flag } from "../options.js";
import { checkOutput, shownPath } from "../paths.js";
import { commonOptions, computeOptions, startBackend, weightsOption } from "../shared-options.js";

export const reparameterization = defineCommand({
  name: "reparameterize",
  summary: "Folds a trained model into its deploy form and certifies that both answer alike",
  positionals: { names: ["IN", "OUT"] },
  options: {
    weights: weightsOption,
    keys: keysOption,
    force: flag({ help: "replace OUT if it exists" }),
    ...computeOptions,
    ...commonOptions,
  },
  examples: [
    "reparameterize runs/s0/model.safetensors runs/s0/folded.safetensors",
    "reparameterize runs/pets pets-raw.safetensors --weights raw",
    "reparameterize mobileone_s0_unfused.pth.tar mobileone_s0.pth --keys apple",
  ],
  async run(values, [input = "", out = ""], { terminal }) {
    expectWeightsName("reparameterize", out);
    checkOutput("reparameterize", input, out, values.force);
    await startBackend(values);
    const { model, classes, info, path } = await loadModel(await localWeights(input, terminal), {
      weights: values.weights,
    });
    const folded = await foldLoaded({ model, info });
    const about = { classes, recipe: info.images && { images: info.images } };
    await saveModelFile(out, folded.model, about, values.keys ? { keys: values.keys } : {});
    terminal.print(certificateLine(folded.certificate));
    const sizes = [path, out].map((file) => statSync(file).size);
    terminal.print(`wrote ${shownPath(out)}  ${formatBytes(sizes[0]!)} -> ${formatBytes(sizes[1]!)}`);
    return { json: { input, output: out, model: info.model, certificate: certificateJson(folded.certificate) } };
  },
});
