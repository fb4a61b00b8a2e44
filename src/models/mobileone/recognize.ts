/** Which MobileOne a set of entries is, by the widths of its blocks; names are mmpretrain's. */
import type { FileEntries, Recognized } from "../family.js";
import { bestVariant, channelsOf } from "../recognize.js";
import { blockSpecs, variants } from "./variants.js";

/** Output channels of a block in either form, and how many branches its training form has. */
function blockIn(entries: FileEntries, name: string) {
  const deployed = channelsOf(entries, `backbone.${name}.branch_reparam.weight`);
  const trained = (branch: number) => channelsOf(entries, `backbone.${name}.branch_conv_list.${branch}.conv.weight`);
  let branches = 0;
  while (trained(branches)) branches++;
  return { channels: (deployed ?? trained(0))?.out, branches, isDeployed: deployed !== undefined };
}

export function recognize(entries: FileEntries): Recognized | null {
  const isDeployed = [...entries.keys()].some((name) => name.includes("branch_reparam"));
  return bestVariant(entries, {
    variants,
    head: "head.fc",
    form: isDeployed ? "deploy" : "train",
    stem: `backbone.stage0.${isDeployed ? "branch_reparam" : "branch_conv_list.0.conv"}.weight`,
    fits: (variant) =>
      blockSpecs(variant).map(({ name, outChannels, numConvBranches }) => {
        const found = blockIn(entries, name);
        return found.channels === outChannels && (found.isDeployed || found.branches === numConvBranches);
      }),
  });
}
