/** Which MobileOne a set of entries is, by the widths of its blocks; names are mmpretrain's. */
import { blockSpecs, listModels, type ModelName, variants } from "../models/index.js";
import type { StoredTensor } from "./safetensors.js";

export interface RecognizedModel {
  readonly model: ModelName;
  readonly form: "train" | "deploy";
  readonly numClasses: number;
}

/** Output channels of a block in either form, and how many branches its training form has. */
function blockIn(entries: ReadonlyMap<string, StoredTensor>, name: string) {
  const deployed = entries.get(`backbone.${name}.branch_reparam.weight`);
  const trained = (branch: number) => entries.get(`backbone.${name}.branch_conv_list.${branch}.conv.weight`);
  let branches = 0;
  while (trained(branches)) branches++;
  return { channels: (deployed ?? trained(0))?.shape[0], branches, isDeployed: deployed !== undefined };
}

/**
 * The variant whose widths fit best, all four stages at least; null where none does. Whether every entry is there and fits
 * is for strict loading to say.
 */
export function recognizeModel(entries: ReadonlyMap<string, StoredTensor>): RecognizedModel | null {
  const numClasses = entries.get("head.fc.bias")?.shape[0] ?? entries.get("head.fc.weight")?.shape[0];
  if (numClasses === undefined || numClasses < 1) return null;
  const form = [...entries.keys()].some((name) => name.includes("branch_reparam")) ? "deploy" : "train";
  const scores = listModels().map((model) => {
    const specs = blockSpecs(variants[model]);
    const fits = specs.filter(({ name, outChannels, numConvBranches }) => {
      const found = blockIn(entries, name);
      return found.channels === outChannels && (found.isDeployed || found.branches === numConvBranches);
    });
    return { model, share: fits.length / specs.length };
  });
  const best = scores.reduce((a, b) => (b.share > a.share ? b : a));
  return best.share > LEAST_SHARE ? { model: best.model, form, numClasses } : null;
}

/** Below it a file is another network, above it a damaged one whose faults are worth listing. */
const LEAST_SHARE = 0.5;
