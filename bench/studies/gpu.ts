/** Everything that is measured on a GPU, or on what WebGPU takes for one: docs/on-a-gpu.md. */
import { measureGpu } from "../gpu.js";
import { imageSizeOption, integers, jsonOption, quickOption, saveOption } from "../options.js";
import { defineStudy } from "../study.js";

export const study = defineStudy({
  name: "gpu",
  help: "a GPU, or a software device: host time per op, products, S0 steps by batch with a profile, deploy inference",
  options: {
    batch: integers({ help: "images of a step, one size after the other; default: what suits the device" }),
    imageSize: imageSizeOption,
    quick: quickOption,
    save: saveOption,
    json: jsonOption,
  },
  examples: ["gpu", "gpu --batch 32,256 --save gpu"],
  run: ({ batch, imageSize, quick, save, json }, _, tell) =>
    measureGpu({ batches: batch ?? [], imageSize, isQuick: quick, save, isJson: json }, tell),
});
