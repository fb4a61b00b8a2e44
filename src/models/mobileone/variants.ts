/**
 * MobileOne S0–S4 as data (Vasu et al. 2023, tables 2 and 3; mmpretrain's arch_zoo), and what follows from it: the list
 * of blocks. The model, the summary and the folding all read this list; none of them computes a width.
 */

export interface Variant {
  /** Of the four stages, times 64, 128, 256 and 512. */
  readonly widths: readonly [number, number, number, number];
  /** Convolution branches of every block but the stem, which has one. */
  readonly numConvBranches: number;
  /** How many units of each stage, counted from its end, carry squeeze-and-excitation. */
  readonly squeezeExciteUnits: readonly [number, number, number, number];
  /** Units of each stage. Default [2, 8, 10, 1]. */
  readonly units?: readonly [number, number, number, number];
}

const noSqueezeExcite = [0, 0, 0, 0] as const;

/** MobileOne S0 to S4 (Vasu et al. 2023, table 2). */
export const variants = {
  mobileone_s0: { widths: [0.75, 1, 1, 2], numConvBranches: 4, squeezeExciteUnits: noSqueezeExcite },
  mobileone_s1: { widths: [1.5, 1.5, 2, 2.5], numConvBranches: 1, squeezeExciteUnits: noSqueezeExcite },
  mobileone_s2: { widths: [1.5, 2, 2.5, 4], numConvBranches: 1, squeezeExciteUnits: noSqueezeExcite },
  mobileone_s3: { widths: [2, 2.5, 3, 4], numConvBranches: 1, squeezeExciteUnits: noSqueezeExcite },
  mobileone_s4: { widths: [3, 3.5, 3.5, 4], numConvBranches: 1, squeezeExciteUnits: [0, 0, 5, 1] },
} as const satisfies Readonly<Record<string, Variant>>;

const BASE_WIDTHS = [64, 128, 256, 512] as const;
const LARGEST_STEM = 64;
const UNITS = [2, 8, 10, 1] as const;
const IMAGE_CHANNELS = 3;

/** The structure of one block: its place, its convolution, its branches. */
export interface BlockSpec {
  /** As in state dicts, without the leading "backbone.": "stage0", "stage1.0", … */
  readonly name: string;
  readonly type: "stem" | "depthwise" | "pointwise" | "conv";
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly groups: number;
  readonly numConvBranches: number;
  /** Channels are divided by this inside squeeze-and-excitation; null for none. */
  readonly squeezeExciteRatio: number | null;
}

/** Vasu et al. 2023, section 3.3 (and SELayer's default): C -> C/16 -> C. */
const SQUEEZE_EXCITE_RATIO = 16;

/** A batch norm of the input alone; only where input and output have one shape. */
export const hasSkip = (spec: BlockSpec): boolean => spec.inChannels === spec.outChannels && spec.stride === 1;
/** A 1×1 convolution beside larger ones. */
export const hasScale = (spec: BlockSpec): boolean => spec.kernelSize > 1;

const basics = { dilation: 1, squeezeExciteRatio: null } as const;

/** Every block of a variant, from the stem to the last pointwise one: 1 + 2·21 for S0–S4. */
export function blockSpecs(variant: Variant, imageChannels = IMAGE_CHANNELS): BlockSpec[] {
  const { widths, numConvBranches, squeezeExciteUnits, units = UNITS } = variant;
  let channels = Math.min(LARGEST_STEM, Math.floor(BASE_WIDTHS[0] * widths[0]));
  const specs: BlockSpec[] = [
    {
      ...basics,
      name: "stage0",
      type: "stem",
      inChannels: imageChannels,
      outChannels: channels,
      kernelSize: 3,
      stride: 2,
      padding: 1,
      groups: 1,
      numConvBranches: 1,
    },
  ];
  units.forEach((count, stage) => {
    const width = Math.floor(BASE_WIDTHS[stage]! * widths[stage]!);
    for (let unit = 0; unit < count; unit++) {
      const isExcited = unit >= count - squeezeExciteUnits[stage]!;
      const shared = {
        ...basics,
        inChannels: channels,
        numConvBranches,
        squeezeExciteRatio: isExcited ? SQUEEZE_EXCITE_RATIO : null,
      };
      const prefix = `stage${stage + 1}`;
      specs.push(
        {
          ...shared,
          name: `${prefix}.${2 * unit}`,
          type: "depthwise",
          outChannels: channels,
          kernelSize: 3,
          stride: unit === 0 ? 2 : 1,
          padding: 1,
          groups: channels,
        },
        {
          ...shared,
          name: `${prefix}.${2 * unit + 1}`,
          type: "pointwise",
          outChannels: width,
          kernelSize: 1,
          stride: 1,
          padding: 0,
          groups: 1,
        },
      );
      channels = width;
    }
  });
  return specs;
}
