/**
 * RepVGG A0 to A2 and B0 as data (Ding et al. 2021, tables 2 and 3; DingXiaoH/RepVGG, repvgg.py), and what follows from it:
 * the list of blocks.
 */

export interface RepVggVariant {
  /** Blocks of the four stages behind the first one. */
  readonly units: readonly [number, number, number, number];
  /** Of the four stages, times 64, 128, 256 and 512. */
  readonly widths: readonly [number, number, number, number];
}

const unitsOfA = [2, 4, 14, 1] as const;
const unitsOfB = [4, 6, 16, 1] as const;

export const variants = {
  repvgg_a0: { units: unitsOfA, widths: [0.75, 0.75, 0.75, 2.5] },
  repvgg_a1: { units: unitsOfA, widths: [1, 1, 1, 2.5] },
  repvgg_a2: { units: unitsOfA, widths: [1.5, 1.5, 1.5, 2.75] },
  repvgg_b0: { units: unitsOfB, widths: [1, 1, 1, 2.5] },
} as const satisfies Readonly<Record<string, RepVggVariant>>;

const BASE_WIDTHS = [64, 128, 256, 512] as const;
const LARGEST_STEM = 64;

export interface RepVggSpec {
  /** As in state dicts: "stage0", "stage1.0", … */
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride: number;
  readonly kernelSize: 3;
  readonly groups: 1;
}

/** A batch norm of the input alone; only where input and output have one shape. */
export const hasIdentity = (spec: RepVggSpec): boolean => spec.inChannels === spec.outChannels && spec.stride === 1;

/** Every block of a variant; the first of each stage halves the image. */
export function blockSpecs({ units, widths }: RepVggVariant, imageChannels: number): RepVggSpec[] {
  const dense = { kernelSize: 3, groups: 1 } as const;
  let channels = Math.min(LARGEST_STEM, Math.floor(BASE_WIDTHS[0] * widths[0]));
  const specs: RepVggSpec[] = [
    { ...dense, name: "stage0", inChannels: imageChannels, outChannels: channels, stride: 2 },
  ];
  units.forEach((count, stage) => {
    const width = Math.floor(BASE_WIDTHS[stage]! * widths[stage]!);
    for (let unit = 0; unit < count; unit++) {
      const name = `stage${stage + 1}.${unit}`;
      specs.push({ ...dense, name, inChannels: channels, outChannels: width, stride: unit === 0 ? 2 : 1 });
      channels = width;
    }
  });
  return specs;
}
