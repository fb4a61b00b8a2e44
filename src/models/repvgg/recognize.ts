/** Which RepVGG a set of entries is, by the widths of its blocks and by how many there are; names are DingXiaoH/RepVGG's. */
import type { FileEntries, Recognized } from "../family.js";
import { bestVariant, channelsOf } from "../recognize.js";
import { blockSpecs, variants } from "./variants.js";

const BLOCK = /^(stage0|stage\d+\.\d+)\./;

export function recognize(entries: FileEntries): Recognized | null {
  const names = [...entries.keys()];
  const form = names.some((name) => name.includes("rbr_reparam")) ? "deploy" : "train";
  const conv = form === "deploy" ? "rbr_reparam" : "rbr_dense.conv";
  const found = new Set(names.flatMap((name) => BLOCK.exec(name)?.[1] ?? []));
  return bestVariant(entries, {
    variants,
    head: "linear",
    form,
    stem: `stage0.${conv}.weight`,
    fits: (variant) => {
      const specs = blockSpecs(variant, 3);
      // blocks that the variant does not have speak against it as those do that it has and the file lacks
      const foreign = [...found].filter((name) => !specs.some((spec) => spec.name === name));
      return [
        ...specs.map(({ name, outChannels }) => channelsOf(entries, `${name}.${conv}.weight`)?.out === outChannels),
        ...foreign.map(() => false),
      ];
    },
  });
}
