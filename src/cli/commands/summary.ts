/** `summary`: what a model costs, layer by layer, in both forms. Nothing is run. */
import {
  listModels,
  type Summary,
  type SummaryRow,
  summarize,
  summarizeTraining,
  type TrainingRow,
} from "../../models/index.js";
import { UsageError } from "../../util/errors.js";
import { formatCount, formatInteger, formatTable } from "../../util/format.js";
import { nearestName } from "../../util/nearest.js";
import { defineCommand } from "../command.js";
import { flag, integer } from "../options.js";
import { commonOptions } from "../shared-options.js";

export const summary = defineCommand({
  name: "summary",
  summary: "Shows parameters, multiply-adds and shapes of a model, training and deploy form",
  positionals: { names: ["MODEL"] },
  options: {
    imageSize: integer({ help: "side of the square image", max: 16384, default: 224 }),
    numClasses: integer({ help: "outputs of the classifier", default: 1000 }),
    training: flag({ help: "what a training step of each block costs, and in which form it trains" }),
    batchSize: integer({ help: "images of that step", default: 32 }),
    ...commonOptions,
  },
  examples: ["summary mobileone_s0", "summary mobileone_s0 --training", "summary mobileone_s4 --image-size 160 --json"],
  async run({ imageSize, numClasses, training, batchSize }, [model = ""], { terminal }) {
    checkModel("summary", model);
    if (training) {
      const rows = summarizeTraining(model, { imageSize, batchSize });
      terminal.print(
        terminal.paint("bold", `${model}  training step of ${batchSize} images of ${imageSize}x${imageSize}`),
      );
      for (const line of trainingTable(rows)) terminal.print(line);
      terminal.print("ms are what the cost rule expects on one thread of the machine it was measured on");
      return { json: { model, imageSize, batchSize, rows } };
    }
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

function trainingTable(rows: readonly TrainingRow[]): string[] {
  const total = (ms: (row: TrainingRow) => number | null): string =>
    rows.reduce((sum, row) => sum + (ms(row) ?? 0), 0).toFixed(0);
  const chosen = (row: TrainingRow): number | null => (row.form === "plain" ? row.plainMs : row.foldedMs);
  const shown = (ms: number | null): string => ms?.toFixed(1) ?? "";
  return formatTable(
    [
      ["layer", "kind", "input", "plain MACs", "folded MACs", "plain ms", "folded ms", "trains"],
      ...rows.map((row) => [
        row.name,
        row.type,
        row.inputShape.slice(1).join("x"),
        formatCount(row.plain.macs),
        formatCount(row.folded.macs + row.folded.doubleMacs),
        shown(row.plainMs),
        shown(row.foldedMs),
        row.form,
      ]),
      ["total", "", "", "", "", total((row) => row.plainMs), total((row) => row.foldedMs), `${total(chosen)} ms`],
    ],
    [false, false, false, true, true, true, true, false],
  );
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
