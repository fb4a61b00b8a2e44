/** What RepVGG's blocks cost, in both forms. */
import { windowOutput } from "../../ops/window-output.js";
import { classifierRow, convCosts, convNormCosts, type SummaryRow, skipCosts, sumCosts } from "../costs/costs.js";
import type { SummarySubject } from "../family.js";
import { blockSpecs, hasIdentity, type RepVggVariant } from "./variants.js";

export function summaryRows(variant: RepVggVariant, { size, numClasses, inChannels }: SummarySubject): SummaryRow[] {
  let [h, w] = size;
  const rows = blockSpecs(variant, inChannels).map((spec): SummaryRow => {
    const { name, inChannels: inPerGroup, outChannels, kernelSize, stride, groups } = spec;
    h = windowOutput(h, kernelSize, stride, 1, 1);
    w = windowOutput(w, kernelSize, stride, 1, 1);
    const area = h * w;
    const skip = hasIdentity(spec);
    const shapeOf = (k: number) => ({ inPerGroup, outChannels, kernelSize: k });
    return {
      ...{ name, inChannels: inPerGroup, outChannels, kernelSize, stride, groups },
      type: name === "stage0" ? "stem" : "conv",
      branches: { skip, scale: true, convs: 1 },
      hasSqueezeExcite: false,
      outputShape: [h, w, outChannels],
      train: sumCosts([
        ...(skip ? [skipCosts(outChannels, area)] : []),
        convNormCosts(shapeOf(1), area),
        convNormCosts(shapeOf(kernelSize), area),
      ]),
      deploy: convCosts(shapeOf(kernelSize), area, true),
    };
  });
  return [...rows, classifierRow("linear", rows.at(-1)!.outChannels, numClasses)];
}
