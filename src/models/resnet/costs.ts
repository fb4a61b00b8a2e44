/** What ResNet's blocks cost, in both forms; a row is a block with all its convolutions. */
import { windowOutput } from "../../ops/window-output.js";
import { type Costs, classifierRow, convCosts, convNormCosts, type SummaryRow, sumCosts } from "../costs/costs.js";
import type { SummarySubject } from "../family.js";
import { STEM_CONV, STEM_POOL } from "./blocks.js";
import { blockSpecs, hasDownsample, type ResNetVariant } from "./variants.js";

type ConvShape = Parameters<typeof convCosts>[0];

/** Both forms of convolutions whose outputs have `area` positions. */
const bothForms = (shapes: readonly ConvShape[], area: number): { train: Costs; deploy: Costs } => ({
  train: sumCosts(shapes.map((shape) => convNormCosts(shape, area))),
  deploy: sumCosts(shapes.map((shape) => convCosts(shape, area, true))),
});

export function summaryRows(variant: ResNetVariant, { size, numClasses, inChannels }: SummarySubject): SummaryRow[] {
  const window = (side: number, kernelSize: number, stride: number) =>
    windowOutput(side, kernelSize, stride, (kernelSize - 1) / 2, 1);
  let [h, w] = size.map((side) => window(side, STEM_CONV.kernelSize, STEM_CONV.stride)) as [number, number];
  const stemShape = { inPerGroup: inChannels, outChannels: variant.widths[0], kernelSize: STEM_CONV.kernelSize };
  const plain = { groups: 1, hasSqueezeExcite: false } as const;
  const stemCosts = bothForms([stemShape], h * w);
  [h, w] = [h, w].map((side) => window(side, STEM_POOL.kernelSize, STEM_POOL.stride)) as [number, number];
  const stem: SummaryRow = {
    ...plain,
    ...{ name: "conv1", type: "stem", inChannels, outChannels: stemShape.outChannels, ...STEM_CONV },
    branches: { skip: false, scale: false, convs: 1 },
    outputShape: [h, w, stemShape.outChannels],
    ...stemCosts,
  };
  const rows = blockSpecs(variant).map((spec): SummaryRow => {
    const { name, inChannels: inPerGroup, outChannels, stride } = spec;
    h = window(h, 3, stride);
    w = window(w, 3, stride);
    const isDownsampled = hasDownsample(spec);
    return {
      ...plain,
      ...{ name, type: "basic", inChannels: inPerGroup, outChannels, kernelSize: 3, stride },
      branches: { skip: !isDownsampled, scale: isDownsampled, convs: 1 },
      outputShape: [h, w, outChannels],
      ...bothForms(
        [
          { inPerGroup, outChannels, kernelSize: 3 },
          { inPerGroup: outChannels, outChannels, kernelSize: 3 },
          ...(isDownsampled ? [{ inPerGroup, outChannels, kernelSize: 1 }] : []),
        ],
        h * w,
      ),
    };
  });
  return [stem, ...rows, classifierRow("fc", rows.at(-1)!.outChannels, numClasses)];
}
