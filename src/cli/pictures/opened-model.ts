/** What commands that look at single pictures share: options, and the model that these name. */
import { loadDecoder } from "../../data/codecs/decoder.js";
import { namesInWords } from "../../train/checkpoints/class-names.js";
import { loadModel } from "../../train/checkpoints/run-weights.js";
import { imageSizes } from "../../train/recipes/image-sizes.js";
import type { Terminal } from "../../util/terminal.js";
import { localWeights } from "../local-weights.js";
import { integer, type Values } from "../options.js";
import {
  checkpointOption,
  commonOptions,
  decoderLabel,
  decoderOption,
  fastComputeOptions,
  required,
  startBackend,
  weightsOption,
} from "../shared-options.js";

/** Which model; first in the help. */
export const modelOptions = { checkpoint: checkpointOption, weights: weightsOption };

/** How it looks at pictures; last in the help. */
export const pictureOptions = {
  imageSize: integer({ help: "side of the pictures; default: what the model was trained for", max: 4096 }),
  decoder: decoderOption,
  ...fastComputeOptions,
  ...commonOptions,
};

/** The words that name pictures; for positionals of commands. */
export const pictureWords = { names: ["IMAGE|DIR|-"], isRepeated: true } as const;

/** The model of --checkpoint, the backend started, its first line told on `aside`. */
export async function openModel(
  command: string,
  values: Values<typeof modelOptions & typeof pictureOptions>,
  aside: Terminal,
) {
  const checkpoint = required(`${command}: --checkpoint`, values.checkpoint, "FILE");
  const { name: decoder } = await loadDecoder(values.decoder); // a missing package is told before any work
  const { label: backend } = await startBackend(values);
  const { model, classes, info } = await loadModel(await localWeights(checkpoint, aside), { weights: values.weights });
  aside.print(`${info.model}  ${info.form} form  backend ${backend}  ${decoderLabel(decoder, 0)}`);
  return {
    checkpoint,
    where: `${command}: ${checkpoint}`,
    decoder,
    model,
    info,
    /** As the file has them. */
    classes,
    /** As people read them. */
    names: namesInWords(classes, info.numClasses),
    sizes: imageSizes(info.model, info.images, values.imageSize),
  };
}
