/**
 * How every op differentiates: THE table, one formula per op. `dy` is the gradient of the result; each thunk gives the
 * gradient of one input, and may have the broadcast shape: backward() sums it back once for everybody.
 *
 * Sections: not differentiable, one operand, two operands, reductions, moving numbers, matrices and windows, batch norm,
 * folded branches.
 */
import { apply } from "../ops/apply.js";
import * as F from "../ops/functional.js";
import type { OpName } from "../ops/spec.js";
import { sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { foldBranchesGradients, patchMomentsGradients } from "./folding.js";
import type { Needs, Rule } from "./rule.js";
import { zerosLike } from "./zeros.js";

interface Entry<K extends OpName> {
  readonly needs: Needs;
  /** How many outputs, from the first, are part of the graph; dy is undefined for those that no gradient reached. Default 1. */
  readonly connected?: number;
  readonly rule: Rule<K>;
}
type Table = { readonly [K in OpName]: Entry<K> | null };

const fromShapes = <K extends OpName>(rule: Rule<K>): Entry<K> => ({ needs: { inputs: [], outputs: [] }, rule });
const fromInputs = <K extends OpName>(rule: Rule<K>, inputs: readonly number[] | "all" = "all"): Entry<K> => ({
  needs: { inputs, outputs: [] },
  rule,
});
const fromOutput = <K extends OpName>(rule: Rule<K>): Entry<K> => ({ needs: { inputs: [], outputs: "all" }, rule });
const fromBoth = <K extends OpName>(rule: Rule<K>): Entry<K> => ({ needs: { inputs: "all", outputs: "all" }, rule });

/** A reduced gradient with its axes put back as 1, ready to broadcast. */
const keepAxes = (y: Tensor, x: Tensor, axes: readonly number[]): Tensor =>
  F.reshape(
    y,
    x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)),
  );

/** Max and min: dx = dy / ties, where x is the extreme value. */
const extreme: Rule<"max"> = ([dy], [x], { axes }, [y]) => [
  () => {
    const isExtreme = F.equal(x, keepAxes(y, x, axes));
    return F.mul(isExtreme, F.div(keepAxes(dy, x, axes), F.sum(isExtreme, axes, { keepDims: true })));
  },
];

/** The sum over all axes but the last. */
const overRows = (v: Tensor): Tensor => F.sum(F.reshape(v, [sizeOf(v.shape.slice(0, -1)), v.shape.at(-1)!]), 0);

/** A thunk that works once, however often it is asked. */
function once<T>(work: () => T): () => T {
  let done: { readonly value: T } | undefined;
  return () => {
    done ??= { value: work() };
    return done.value;
  };
}

/** The gradient of what is constant between its jumps. */
const zero: Rule<"floor"> = ([dy]) => [() => zerosLike(dy)];

/**
 * Of maximum and minimum: all of dy, half of it at a tie, 0 where the other operand won. Selected, not multiplied by a mask,
 * so that an infinite dy leaves no NaN; a NaN operand loses to none, and both get dy.
 */
const won = (dy: Tensor, own: Tensor, other: Tensor, hasLost: Tensor): Tensor =>
  F.where(hasLost, 0, F.where(F.equal(own, other), F.mul(dy, 0.5), dy));

/** The derivative of the sigmoid. */
const slope = (x: Tensor): Tensor => F.mul(F.sigmoid(x), F.sigmoid(F.neg(x)));

/** The inverse of a permutation of axes. */
const inverse = (perm: readonly number[]): number[] => perm.map((_, axis) => perm.indexOf(axis));

export const gradients: Table = {
  // 1. zero almost everywhere, or not differentiable
  sign: fromShapes(zero),
  floor: fromShapes(zero),
  ceil: fromShapes(zero),
  round: fromShapes(zero),
  equal: null,
  notEqual: null,
  less: null,
  lessEqual: null,
  greater: null,
  greaterEqual: null,
  argmax: null,
  oneHot: null,
  rand: null,
  randn: null,
  bernoulli: null,

  // 2. one operand
  neg: fromShapes(([dy]) => [() => F.neg(dy)]),
  // 0 at 0 and at NaN, as in PyTorch
  abs: fromInputs(([dy], [x]) => [() => F.mul(dy, F.sub(F.greater(x, 0), F.less(x, 0)))]),
  exp: fromOutput(([dy], _, __, [y]) => [() => F.mul(dy, y)]),
  log: fromInputs(([dy], [x]) => [() => F.div(dy, x)]),
  sqrt: fromOutput(([dy], _, __, [y]) => [() => F.div(dy, F.mul(y, 2))]),
  rsqrt: fromOutput(([dy], _, __, [y]) => [() => F.mul(F.mul(dy, -0.5), F.mul(y, F.square(y)))]),
  square: fromInputs(([dy], [x]) => [() => F.mul(F.mul(dy, 2), x)]),
  reciprocal: fromOutput(([dy], _, __, [y]) => [() => F.neg(F.mul(dy, F.square(y)))]),
  sin: fromInputs(([dy], [x]) => [() => F.mul(dy, F.cos(x))]),
  cos: fromInputs(([dy], [x]) => [() => F.neg(F.mul(dy, F.sin(x)))]),
  // through σ(−x), not 1 − σ(x): that is all rounding where σ(x) is close to 1
  tanh: fromInputs(([dy], [x]) => [() => F.mul(dy, F.mul(slope(F.mul(x, 2)), 4))]),
  sigmoid: fromInputs(([dy], [x]) => [() => F.mul(dy, slope(x))]),
  // 0 at the kink, as PyTorch
  relu: fromOutput(([dy], _, __, [y]) => [() => apply("reluGrad", [dy, y], {})[0]]),
  cast: fromShapes(([dy], [x]) => [() => F.cast(dy, x.dtype)]),

  // 3. two or three operands
  add: fromShapes(([dy]) => [() => dy, () => dy]),
  sub: fromShapes(([dy]) => [() => dy, () => F.neg(dy)]),
  mul: fromInputs(([dy], [a, b]) => [() => F.mul(dy, b), () => F.mul(dy, a)]),
  div: fromInputs(([dy], [a, b]) => [() => F.div(dy, b), () => F.mul(F.neg(dy), F.div(F.div(a, b), b))]),
  // da = dy · b · a^(b−1), 0 where b is 0; db = dy · y · log a, 0 where a is 0 and b is not negative
  pow: fromBoth(([dy], [a, b], _, [y]) => [
    () => F.where(b, F.mul(dy, F.mul(b, F.pow(a, F.sub(b, 1)))), 0),
    () => F.mul(dy, F.where(F.mul(F.equal(a, 0), F.greaterEqual(b, 0)), 0, F.mul(y, F.log(a)))),
  ]),
  maximum: fromInputs(([dy], [a, b]) => [() => won(dy, a, b, F.less(a, b)), () => won(dy, b, a, F.less(b, a))]),
  minimum: fromInputs(([dy], [a, b]) => [() => won(dy, a, b, F.greater(a, b)), () => won(dy, b, a, F.greater(b, a))]),
  reluGrad: fromInputs(([dy], [, y]) => [() => apply("reluGrad", [dy, y], {})[0], null], [1]),
  biasReluGrad: null,
  where: fromInputs(([dy], [mask]) => [null, () => F.where(mask, dy, 0), () => F.where(mask, 0, dy)], [0]),

  // 4. reductions
  sum: fromShapes(([dy], [x], { axes }) => [() => F.broadcastTo(keepAxes(dy, x, axes), x.shape)]),
  mean: fromShapes(([dy], [x], { axes }) => [
    () => F.broadcastTo(F.mul(keepAxes(dy, x, axes), dy.size / x.size), x.shape),
  ]),
  max: fromBoth(extreme),
  min: fromBoth(extreme),
  softmax: fromOutput(([dy], _, { axis }, [y]) => [
    () => F.mul(y, F.sub(dy, F.sum(F.mul(dy, y), axis, { keepDims: true }))),
  ]),
  logSoftmax: fromOutput(([dy], _, { axis }, [y]) => [
    () => F.sub(dy, F.mul(F.exp(y), F.sum(dy, axis, { keepDims: true }))),
  ]),

  // 5. moving numbers about
  broadcastTo: fromShapes(([dy]) => [() => dy]),
  reshape: fromShapes(([dy], [x]) => [() => F.reshape(dy, x.shape)]),
  transpose: fromShapes(([dy], _, { perm }) => [() => F.transpose(dy, inverse(perm))]),
  slice: fromShapes(([dy], [x], { begin, size }) => [
    () =>
      F.pad(
        dy,
        begin.map((b, i) => [b, x.shape[i]! - b - size[i]!] as const),
      ),
  ]),
  pad: fromShapes(([dy], [x], { before }) => [() => F.slice(dy, before, x.shape)]),
  concat: fromShapes(([dy], inputs, { axis }) => {
    let from = 0;
    return inputs.map((x) => {
      const begin = x.shape.map((_, i) => (i === axis ? from : 0));
      from += x.shape[axis]!;
      return () => F.slice(dy, begin, x.shape);
    });
  }),
  gather: fromInputs(
    ([dy], [table, indices]) => [() => apply("scatterAdd", [dy, indices], { rows: table.shape[0]! })[0], null],
    [1],
  ),
  scatterAdd: fromInputs(([dy], [, indices]) => [() => F.gather(dy, indices), null], [1]),

  // 6. matrices: dA = dY·Bᵀ, dB = Aᵀ·dY, each stored the way its operand is
  matmul: fromInputs(([dy], [a, b], { transposeA, transposeB }) => [
    () =>
      transposeA
        ? F.matmul(b, dy, { transposeA: transposeB, transposeB: true })
        : F.matmul(dy, b, { transposeB: !transposeB }),
    () =>
      transposeB
        ? F.matmul(dy, a, { transposeA: true, transposeB: transposeA })
        : F.matmul(a, dy, { transposeA: !transposeA }),
  ]),
  // convolution is bilinear in (x, w), and so are its two gradients: the three ops close under differentiation
  conv2d: fromInputs(([dy], [x, w], attrs) => [
    () => apply("conv2dInputGrad", [dy, w], { ...attrs, inputShape: x.shape })[0],
    () => apply("conv2dWeightGrad", [x, dy], { ...attrs, weightShape: w.shape })[0],
  ]),
  conv2dBias: {
    needs: { inputs: [0, 1], outputs: [0] },
    rule: ([dy], [x, w], { activation, ...attrs }, [y]) => {
      // dz, the gradient before the activation, and its sum over rows serve all three
      const before = once(() =>
        activation === "relu" ? apply("biasReluGrad", [dy, y], {}) : ([dy, overRows(dy)] as const),
      );
      return [
        () => apply("conv2dInputGrad", [before()[0], w], { ...attrs, inputShape: x.shape })[0],
        () => apply("conv2dWeightGrad", [x, before()[0]], { ...attrs, weightShape: w.shape })[0],
        () => before()[1],
      ];
    },
  },
  conv2dInputGrad: fromInputs(([dx], [dy, w], { inputShape: _, ...attrs }) => [
    () => apply("conv2d", [dx, w], attrs)[0],
    () => apply("conv2dWeightGrad", [dx, dy], { ...attrs, weightShape: w.shape })[0],
  ]),
  conv2dWeightGrad: fromInputs(([dw], [x, dy], { weightShape: _, ...attrs }) => [
    () => apply("conv2dInputGrad", [dy, dw], { ...attrs, inputShape: x.shape })[0],
    () => apply("conv2d", [x, dw], attrs)[0],
  ]),
  avgPool2d: fromShapes(([dy], [x], attrs) => [
    () => apply("avgPool2dGrad", [dy], { ...attrs, inputShape: x.shape })[0],
  ]),
  avgPool2dGrad: fromShapes(([dx], _, { inputShape: __, ...attrs }) => [() => apply("avgPool2d", [dx], attrs)[0]]),
  maxPool2d: fromInputs(([dy], [x], attrs) => [() => apply("maxPool2dGrad", [dy, x], attrs)[0]]),
  maxPool2dGrad: null,

  // 7. batch norm, through the batch's own mean and variance (Ioffe & Szegedy 2015, section 3), which it also returns: dx
  // takes dmean/rows and dvariance · 2(x − mean)/rows besides
  batchNorm: {
    needs: { inputs: [0, 1], outputs: [1, 2] },
    connected: 3,
    rule: (dys, [x, gamma], attrs, [, mean, variance]) => {
      const [dy, dmean, dvariance] = dys as readonly (Tensor | undefined)[];
      const rows = x.size / gamma.size;
      const all = once(() => dy && apply("batchNormGrad", [dy, x, gamma, mean, variance], attrs));
      const parts = (): (Tensor | undefined)[] => [
        all()?.[0],
        dmean && F.broadcastTo(F.mul(dmean, 1 / rows), x.shape),
        dvariance && F.mul(F.sub(x, mean), F.mul(dvariance, 2 / rows)),
      ];
      return [
        () =>
          parts()
            .filter((part) => part !== undefined)
            .reduce((total, part) => F.add(total, part)),
        () => all()?.[1] ?? zerosLike(gamma),
        () => all()?.[2] ?? zerosLike(gamma),
      ];
    },
  },
  batchNormGrad: null,
  batchNormEval: fromInputs(
    ([dy], [x, gamma, , mean, variance], { eps }) => {
      const inverseStd = () => F.rsqrt(F.add(variance, eps));
      return [
        () => F.mul(dy, F.mul(gamma, inverseStd())),
        () => overRows(F.mul(dy, F.mul(F.sub(x, mean), inverseStd()))),
        () => overRows(dy),
        () => F.neg(overRows(F.mul(dy, F.mul(gamma, inverseStd())))),
        // d/dv (v + eps)^(−1/2) = −(v + eps)^(−3/2) / 2, factor by factor: the cube alone may underflow
        () => {
          const s = inverseStd();
          const scaled = F.mul(F.mul(overRows(F.mul(dy, F.sub(x, mean))), F.mul(gamma, -0.5)), s);
          return F.mul(scaled, F.square(s));
        },
      ];
    },
    [0, 1, 3, 4],
  ),

  // 8. folded branches (docs/folded-training.md 2), in folding.ts
  patchMoments: { needs: { inputs: [0], outputs: [0] }, connected: 2, rule: patchMomentsGradients },
  patchMomentsGrad: null,
  foldBranches: {
    needs: { inputs: "all", outputs: [0, 3, 4] },
    connected: 4,
    rule: foldBranchesGradients,
  },
  foldBranchesGrad: null,
  foldMomentsGrad: null,
};
