/**
 * ResNet-18 as data (He et al. 2016, table 1; torchvision/models/resnet.py), and what follows from it: the list of blocks.
 */

export interface ResNetVariant {
  /** Basic blocks of the four stages. */
  readonly units: readonly [number, number, number, number];
  /** Channels of the four stages; the stem has those of the first. */
  readonly widths: readonly [number, number, number, number];
}

export const variants = {
  resnet18: { units: [2, 2, 2, 2], widths: [64, 128, 256, 512] },
} as const satisfies Readonly<Record<string, ResNetVariant>>;

export interface BasicSpec {
  /** As in state dicts: "layer1.0", … */
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride: number;
}

/** A 1×1 convolution beside the block, where its input does not have the shape of its output. */
export const hasDownsample = ({ inChannels, outChannels, stride }: BasicSpec): boolean =>
  stride !== 1 || inChannels !== outChannels;

/** Every basic block; the first of the stages behind the first one halves the image. */
export function blockSpecs({ units, widths }: ResNetVariant): BasicSpec[] {
  let channels: number = widths[0];
  const specs: BasicSpec[] = [];
  units.forEach((count, stage) => {
    const width = widths[stage]!;
    for (let unit = 0; unit < count; unit++) {
      const stride = stage > 0 && unit === 0 ? 2 : 1;
      specs.push({ name: `layer${stage + 1}.${unit}`, inChannels: channels, outChannels: width, stride });
      channels = width;
    }
  });
  return specs;
}
