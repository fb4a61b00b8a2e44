/** A training step counted dispatch by dispatch, without a card: what it has to move and compute, and which threads work. */

import { choice } from "../../src/cli/options.js";
import { models } from "../../src/index.js";
import { roofline } from "../gpu/roofline-page.js";
import { batchOption, imageSizeOption, jsonOption, saveOption } from "../options.js";
import { defineStudy } from "../study.js";

const BATCH = 256;
const IMAGE_SIZE = 224;

export const study = defineStudy({
  name: "gpu-roofline",
  help: "a training step on a device that counts: dispatches, bytes, threads that work, and the floor on a card",
  options: {
    model: choice(models.listModels(), { help: "whose step", placeholder: "MODEL", default: "mobileone_s0" }),
    batch: batchOption,
    imageSize: imageSizeOption,
    save: saveOption,
    json: jsonOption,
  },
  examples: ["gpu-roofline", "gpu-roofline --batch 256 --image-size 224 --save gpu-roofline"],
  run: ({ model, batch = BATCH, imageSize = IMAGE_SIZE, save, json }, _, tell) =>
    roofline({ model, batch, imageSize }, { save, isJson: json }, tell),
});
