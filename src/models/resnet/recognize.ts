/** Which ResNet a set of entries is, by the widths of its blocks; names are torchvision's. */
import type { FileEntries, Recognized } from "../family.js";
import { bestVariant, channelsOf } from "../recognize.js";
import { blockSpecs, variants } from "./variants.js";

/** A third convolution, or a third block of the first stage: a deeper ResNet, of which these variants are a part. */
const DEEPER = /^layer\d+\.\d+\.conv3\.|^layer1\.2\./;

export function recognize(entries: FileEntries): Recognized | null {
  const names = [...entries.keys()];
  if (names.some((name) => DEEPER.test(name))) return null;
  return bestVariant(entries, {
    variants,
    head: "fc",
    // a folded convolution has its bias
    form: entries.has("conv1.bias") ? "deploy" : "train",
    stem: "conv1.weight",
    fits: (variant) => [
      channelsOf(entries, "conv1.weight")?.out === variant.widths[0],
      ...blockSpecs(variant).flatMap(({ name, outChannels }) =>
        ["conv1", "conv2"].map((conv) => channelsOf(entries, `${name}.${conv}.weight`)?.out === outChannels),
      ),
    ],
  });
}
