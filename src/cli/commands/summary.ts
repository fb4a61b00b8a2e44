/** `summary`: what a model costs, layer by layer, in both forms. Nothing is run. */
import { listModels, type Summary, type SummaryRow, summarize } from "../../models/index.js";
import { UsageError } from "../../util/errors.js";
import { formatCount, formatInteger, formatTable } from "../../util/format.js";
import { nearestName } from "../../util/nearest.js";
import { defineCommand } from "../command.js";
import { integer } from "../options.js";
import { commonOptions } from "../shared-options.js";

export const summary = defineCommand({
  name: "summary",
  summary: "Shows parameters, multiply-adds and shapes of a model, training and deploy form",
  positionals: { names: ["MODEL"] },
  options: {
    imageSize: integer({ help: "side of the square image", max: 16384, default: 224 }),
    numClasses: integer({ help: "outputs of the classifier", default: 1000 }),
    ...commonOptions,
  },
  examples: ["summary mobileone_s0", "summary mobileone_s4 --image-size 160 --json"],
  async run({ imageSize, numClasses }, [model = ""], { terminal }) {
    checkModel("summary", model);
    const table = summarize(model, { imageSize, numClasses });
    terminal.print(terminal.paint("bold", `${model}  ${imageSize}x${imageSize}  ${numClasses} classes`));
    for (const line of layerTable(table)) terminal.print(line);
    terminal.print();
    for (const line of totalsTable(table)) terminal.print(line);
    terminal.print("activations are the elements that convolutions write, for one image");
    return { json: { model, numClasses, ...table } };
  },
});

/** Throws UsageError with the nearest name for an unknown model. */
export function checkModel(where: string, model: string): void {
  const known: readonly string[] = listModels();
  if (known.includes(model)) return;
  const nearest = nearestName(model, known);
  throw new UsageError(
    `${where}: unknown model ${model}${nearest === undefined ? "" : `, the nearest is ${nearest}`}`,
    `known models are ${known.join(", ")}`,
  );
}

function layerTable({ rows }: Summary): string[] {
  const header = [
    "layer",
    "kind",
    "channels",
    "branches",
    "output",
    "params",
    "deploy",
    "MACs",
    "deploy",
    "act.",
    "deploy",
  ];
  const isNumber = header.map((_, i) => i >= 4);
  return formatTable([header, ...rows.map(layerRow)], isNumber);
}

function layerRow(row: SummaryRow): string[] {
  const { type, kernelSize: k, stride, branches, outputShape, hasSqueezeExcite } = row;
  const parts = [branches.skip && "skip", branches.scale && "scale", branches.convs > 0 && `${branches.convs} conv`];
  return [
    row.name,
    type === "linear" ? type : `${type} ${k}x${k}${stride > 1 ? ` /${stride}` : ""}${hasSqueezeExcite ? " SE" : ""}`,
    `${row.inChannels} -> ${row.outChannels}`,
    parts.filter((part) => part !== false).join(" + "),
    outputShape.length === 3 ? `${outputShape[0]}x${outputShape[1]}` : "1",
    ...(["parameters", "macs", "activations"] as const).flatMap((cost) =>
      (["train", "deploy"] as const).map((form) =>
        formatCount(cost === "macs" ? row[form].convMacs + row[form].linearMacs : row[form][cost]),
      ),
    ),
  ];
}

function totalsTable({ totals: { train, deploy } }: Summary): string[] {
  const row = (label: string, of: (costs: typeof train) => number): string[] => [
    label,
    formatInteger(of(train)),
    formatInteger(of(deploy)),
  ];
  return formatTable(
    [
      ["total", "train", "deploy"],
      row("parameters", (costs) => costs.parameters),
      row("MACs, convolutions", (costs) => costs.convMacs),
      row("MACs, classifier", (costs) => costs.linearMacs),
      row("MACs", (costs) => costs.convMacs + costs.linearMacs),
      row("activations", (costs) => costs.activations),
      row("batch norms", (costs) => costs.batchNorms),
      row("state dict entries", (costs) => costs.stateEntries),
    ],
    [false, true, true],
  );
}
