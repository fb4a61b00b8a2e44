/** What MobileOne's blocks cost, in both forms, and a training step of them. */
import { windowOutput } from "../../ops/window-output.js";
import {
  classifierRow,
  convCosts,
  convNormCosts,
  type SummaryRow,
  skipCosts,
  squeezeExciteCosts,
  sumCosts,
  type TrainingRow,
} from "../costs/costs.js";
import type { SummarySubject, TrainingSubject } from "../family.js";
import { autoForm, trainingCosts, trainingSeconds } from "./training-form.js";
import { type BlockSpec, blockSpecs, hasScale, hasSkip, type Variant } from "./variants.js";

/** Costs of a block whose output has `area` positions. */
function blockCosts(spec: BlockSpec, area: number): Pick<SummaryRow, "train" | "deploy"> {
  const { inChannels, outChannels, kernelSize, groups, numConvBranches, squeezeExciteRatio } = spec;
  const shapeOf = (k: number) => ({ inPerGroup: inChannels / groups, outChannels, kernelSize: k });
  const gate = squeezeExciteCosts(outChannels, squeezeExciteRatio);
  return {
    train: sumCosts([
      ...gate,
      ...(hasSkip(spec) ? [skipCosts(outChannels, area)] : []),
      ...(hasScale(spec) ? [convNormCosts(shapeOf(1), area)] : []),
      ...Array.from({ length: numConvBranches }, () => convNormCosts(shapeOf(kernelSize), area)),
    ]),
    deploy: sumCosts([...gate, convCosts(shapeOf(kernelSize), area, true)]),
  };
}

export function summaryRows(variant: Variant, { size, numClasses, inChannels: images }: SummarySubject): SummaryRow[] {
  let [h, w] = size;
  const rows: SummaryRow[] = blockSpecs(variant, images).map((spec) => {
    const { name, type, inChannels, outChannels, kernelSize, stride, padding, dilation, groups } = spec;
    h = windowOutput(h, kernelSize, stride, padding, dilation);
    w = windowOutput(w, kernelSize, stride, padding, dilation);
    return {
      ...{ name, type, inChannels, outChannels, kernelSize, stride, groups },
      branches: { skip: hasSkip(spec), scale: hasScale(spec), convs: spec.numConvBranches },
      hasSqueezeExcite: spec.squeezeExciteRatio !== null,
      outputShape: [h, w, outChannels],
      ...blockCosts(spec, h * w),
    };
  });
  return [...rows, classifierRow("head.fc", rows.at(-1)!.outChannels, numClasses)];
}

export function trainingRows(variant: Variant, { imageSize, batchSize, backend }: TrainingSubject): TrainingRow[] {
  const { speeds } = backend;
  let side = imageSize;
  return blockSpecs(variant).map((spec) => {
    const inputShape = [batchSize, side, side, spec.inChannels];
    const { plain, folded } = trainingCosts(spec, inputShape);
    side = windowOutput(side, spec.kernelSize, spec.stride, spec.padding, spec.dilation);
    return {
      name: spec.name,
      type: spec.type,
      inputShape,
      plain,
      folded,
      plainMs: speeds ? 1000 * trainingSeconds(spec, plain, speeds) : null,
      foldedMs: speeds ? 1000 * trainingSeconds(spec, folded, speeds) : null,
      form: autoForm(spec, inputShape, backend),
    };
  });
}
