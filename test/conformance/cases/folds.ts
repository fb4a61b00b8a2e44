import { inferShapes } from "../../../src/ops/shapes/index.js";
import type { FoldOps } from "../../../src/ops/spec/folds.js";
import type { Attrs, Pair } from "../../../src/ops/spec/index.js";
import type { Shape } from "../../../src/tensor/shape.js";
import { type Case, double, type Fill, type Input, input } from "./input.js";
import { convGrid } from "./products.js";

/**
 * Geometries whose patches have moments: padding is alike on both ends. Kernels with several outputs per channel have the same
 * patches as one.
 */
const momentCases = <A>(build: (x: Input, k: number, attrs: Attrs<"patchMoments">) => Case<A>): readonly Case<A>[] => {
  const rows = convGrid
    .filter(({ attrs }) => attrs.paddingEnd === undefined)
    .map((g) => ({ ...g, fill: "normal" as Fill }));
  const far = rows.filter((g) => g.isLarge).map((g) => ({ ...g, fill: "far" as Fill }));
  return [...rows, ...far].map(({ x, w, attrs, isLarge, fill }) => {
    const kernelSize: Pair = [w[0]!, w[1]!];
    return { ...build(input(x, fill), w[0]! * w[1]! * w[2]!, { ...attrs, kernelSize }), isLarge };
  });
};

interface FoldCase {
  readonly kernelSize: Pair;
  readonly groups: number;
  readonly inPerGroup: number;
  readonly cOut: number;
  readonly hasIdentity: boolean;
  readonly hasScale: boolean;
  readonly convs: number;
  readonly isLarge?: boolean;
}

const foldGrid: readonly FoldCase[] = [
  { kernelSize: [1, 1], groups: 1, inPerGroup: 3, cOut: 3, hasIdentity: true, hasScale: false, convs: 2 },
  { kernelSize: [1, 1], groups: 1, inPerGroup: 5, cOut: 7, hasIdentity: false, hasScale: false, convs: 1 },
  { kernelSize: [3, 3], groups: 4, inPerGroup: 1, cOut: 4, hasIdentity: true, hasScale: true, convs: 2 },
  { kernelSize: [3, 3], groups: 1, inPerGroup: 2, cOut: 3, hasIdentity: false, hasScale: true, convs: 1 },
  { kernelSize: [3, 3], groups: 2, inPerGroup: 2, cOut: 4, hasIdentity: true, hasScale: true, convs: 1 },
  { kernelSize: [2, 3], groups: 3, inPerGroup: 1, cOut: 6, hasIdentity: false, hasScale: true, convs: 2 },
  {
    kernelSize: [1, 1],
    groups: 1,
    inPerGroup: 48,
    cOut: 130,
    hasIdentity: false,
    hasScale: false,
    convs: 4,
    isLarge: true,
  },
  {
    kernelSize: [1, 1],
    groups: 1,
    inPerGroup: 65,
    cOut: 65,
    hasIdentity: true,
    hasScale: false,
    convs: 3,
    isLarge: true,
  },
  {
    kernelSize: [3, 3],
    groups: 1,
    inPerGroup: 3,
    cOut: 48,
    hasIdentity: false,
    hasScale: true,
    convs: 1,
    isLarge: true,
  },
  {
    kernelSize: [3, 3],
    groups: 37,
    inPerGroup: 1,
    cOut: 37,
    hasIdentity: true,
    hasScale: true,
    convs: 4,
    isLarge: true,
  },
];

const foldCases = <A>(
  build: (c: {
    readonly k: number;
    readonly moments: readonly [mean: Input, covariance: Input];
    readonly branches: readonly Input[];
    readonly count: number;
    readonly weight: Shape;
    readonly attrs: Attrs<"foldBranches">;
  }) => Omit<Case<A>, "attrs">,
): readonly Case<Attrs<"foldBranches">>[] =>
  foldGrid.map(({ kernelSize, groups, inPerGroup, cOut, hasIdentity, hasScale, convs, isLarge = false }) => {
    const k = kernelSize[0] * kernelSize[1] * inPerGroup;
    const kernels = [...(hasScale ? [[1, 1] as const] : []), ...Array.from({ length: convs }, () => kernelSize)];
    const count = kernels.length + Number(hasIdentity);
    const perBranch = (fill: Fill) => Array.from({ length: count }, () => input([cOut], fill));
    const attrs = { kernelSize, groups, hasIdentity, eps: 1e-5 };
    const built = build({
      k,
      moments: [double([groups, k]), double([groups, k, k], "covariance")],
      branches: [
        ...perBranch("normal"),
        ...perBranch("normal"),
        ...kernels.map((size) => input([...size, inPerGroup, cOut])),
      ],
      count,
      weight: [...kernelSize, inPerGroup, cOut],
      attrs,
    });
    return { ...built, attrs, isLarge };
  });

/** Every geometry of momentCases behind nothing and behind each kind of relu, in turn. */
function foldedCases(): readonly Case<Attrs<"foldedInputGrad">>[] {
  const behind = ["biasRelu", "none", "relu"] as const;
  const rows = convGrid.filter(({ attrs }) => attrs.paddingEnd === undefined);
  return rows.map(({ x, w, attrs, isLarge }, i) => {
    const kernelSize: Pair = [w[0]!, w[1]!];
    const k = w[0]! * w[1]! * w[2]!;
    const { groups } = attrs;
    const [dy] = inferShapes.conv2d([x, w], attrs);
    return {
      inputs: [input(dy), input(w), input(x), double([groups, k]), double([groups, k]), double([groups, k, k])],
      attrs: { ...attrs, kernelSize, behind: behind[i % behind.length]! },
      isLarge,
    };
  });
}

export const foldsCases: { readonly [K in keyof FoldOps]: readonly Case<Attrs<K>>[] } = {
  patchMoments: momentCases((x, _, attrs) => ({ inputs: [x], attrs })),
  patchMomentsGrad: momentCases((x, k, attrs) => ({
    inputs: [x, double([attrs.groups, k]), double([attrs.groups, k]), double([attrs.groups, k, k])],
    attrs,
  })),
  foldedInputGrad: foldedCases(),
  foldBranches: foldCases(({ moments, branches }) => ({ inputs: [...moments, ...branches] as [Input, Input] })),
  foldBranchesGrad: foldCases(({ k, moments, branches, count, weight }) => {
    const cOut = weight[3]!;
    const kept = [input([count, cOut], "positive"), input([count, k, cOut])];
    return { inputs: [input(weight), input([cOut]), moments[0], ...kept, ...branches] };
  }),
  foldMomentsGrad: foldCases(({ branches, count, weight }) => {
    const statistics: Shape = [count, weight[3]!];
    return {
      inputs: [input(statistics), input([weight[3]!]), input(weight), input(statistics, "positive"), ...branches],
    };
  }),
};
