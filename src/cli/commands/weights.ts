/** `weights`: the published weights that commands and code take by name, and bringing them here. */
import { publishedWeights } from "../../hub/index.js";
import { formatTable } from "../../util/format.js";
import { defineCommand } from "../command.js";
import { localWeights } from "../local-weights.js";
import { shownPath } from "../paths.js";
import { commonOptions } from "../shared-options.js";

export const weightsList = defineCommand({
  name: "weights",
  summary: "Lists published weights by name, or downloads those that are named",
  positionals: { names: ["NAME"], isRepeated: true, isOptional: true },
  options: commonOptions,
  examples: ["weights", "weights mobileone_s0", "weights hf://owner/name/w.safetensors"],
  async run(_, names, { terminal, aside }) {
    if (names.length === 0) {
      const rows = publishedWeights.map(({ name, model, top1, keys }) => [name, model, `${top1} %`, keys]);
      for (const line of formatTable(
        [["name", "model", "top-1", "published by"], ...rows],
        [false, false, true, false],
      ))
        terminal.print(line);
      terminal.print("top-1 on ImageNet as the publisher states it; a model's name alone stands for its first row");
      return { json: { weights: publishedWeights } };
    }
    const files: { readonly name: string; readonly path: string }[] = [];
    for (const name of names) {
      const path = await localWeights(name, aside);
      terminal.print(shownPath(path));
      files.push({ name, path });
    }
    return { json: { files } };
  },
});
