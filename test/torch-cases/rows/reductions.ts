/** Reductions, running sums, sorting, statistics and counting. */
import * as T from "../../../src/index.js";
import type { Row } from "../case.js";
import { type Draw, python, type Range } from "../draw.js";

/** All axes, where none are given, as PyTorch wants them. */
const dims = (axes: number | number[] | undefined, rank: number): string =>
  python(axes ?? Array.from({ length: rank }, (_, i) => i));

const reduction =
  (
    ours: (x: T.Tensor, axes?: T.Axes, options?: T.ReduceOptions) => T.Tensor,
    torch: (axes: string, keepDims: string, shape: readonly number[]) => string,
    range: Range = {},
    least = 0,
  ): Row =>
  (d) => {
    const shape = d.shape(1, 4, least);
    const [axes, keepDims] = [d.axes(shape.length), d.chance()];
    return d
      .float(shape, range)
      .call((a) => ours(a, axes, { keepDims }), torch(dims(axes, shape.length), python(keepDims), shape));
  };

const along =
  (ours: (x: T.Tensor, axis: number) => T.Tensor, torch: string, range: Range = {}): Row =>
  (d) => {
    const shape = d.shape(1, 4);
    const axis = d.axis(shape.length);
    return d.float(shape, range).call((a) => ours(a, axis), `${torch}(a, dim=${axis})`);
  };

/** Ties leave the order of equal numbers, and of their gradients, open in PyTorch's sort, topk, median and max with dim. */
const distinct = (d: Draw): { shape: number[]; axis: number } => {
  const shape = d.shape(1, 3, 1);
  d.float(shape, { isDistinct: true });
  return { shape, axis: d.axis(shape.length) };
};

const extremeWithIndices =
  (ours: typeof T.maxWithIndices, torch: string): Row =>
  (d) => {
    const { axis } = distinct(d);
    const keepDims = d.chance();
    return d.call((a) => ours(a, axis, { keepDims }), `torch.${torch}(a, dim=${axis}, keepdim=${python(keepDims)})`);
  };

const position =
  (ours: typeof T.argmax, torch: string): Row =>
  (d) => {
    const shape = d.shape(1, 4, 1);
    const [axis, keepDims] = [d.axis(shape.length), d.chance()];
    return d
      .fixed(shape)
      .call((a) => ours(a, axis, { keepDims }), `torch.${torch}(a, dim=${axis}, keepdim=${python(keepDims)})`);
  };

const truth =
  (ours: typeof T.any, torch: string): Row =>
  (d) => {
    const shape = d.shape(1, 3);
    const [axis, keepDims] = [d.axis(shape.length), d.chance()];
    return d
      .bools(shape, 0.7)
      .call((a) => ours(a, axis, { keepDims }), `torch.${torch}(a, dim=${axis}, keepdim=${python(keepDims)})`);
  };

const spread =
  (ours: typeof T.variance, torch: string): Row =>
  (d) => {
    const shape = d.shape(1, 4, 2);
    const [axes, keepDims] = [d.axes(shape.length), d.chance()];
    const correction = d.pick(0, 1, 1);
    const torchDims = dims(axes, shape.length);
    return d
      .float(shape, { isDistinct: true })
      .call(
        (a) => ours(a, axes, { correction, keepDims }),
        `torch.${torch}(a, dim=${torchDims}, correction=${correction}, keepdim=${python(keepDims)})`,
      );
  };

export const reductions = {
  sum: reduction(T.sum, (axes, keep) => `torch.sum(a, ${axes}, keepdim=${keep})`),
  mean: reduction(T.mean, (axes, keep) => `torch.mean(a, ${axes}, keepdim=${keep})`),
  max: reduction(T.max, (axes, keep) => `torch.amax(a, ${axes}, keepdim=${keep})`, {}, 1),
  min: reduction(T.min, (axes, keep) => `torch.amin(a, ${axes}, keepdim=${keep})`, {}, 1),
  logSumExp: reduction(T.logSumExp, (axes, keep) => `torch.logsumexp(a, ${axes}, keepdim=${keep})`, {}, 1),
  prod: (d) => {
    const shape = d.shape(1, 4);
    const keepDims = d.chance();
    const range = { low: -1.6, high: 1.6 };
    if (d.chance(0.3)) return d.float(shape, range).call((a) => T.prod(a), "torch.prod(a)");
    const axis = d.axis(shape.length);
    return d
      .float(shape, d.chance() ? range : {})
      .call((a) => T.prod(a, axis, { keepDims }), `torch.prod(a, dim=${axis}, keepdim=${python(keepDims)})`);
  },
  cumprod: along(T.cumprod, "torch.cumprod", { low: -1.6, high: 1.6 }),
  cumsum: (d) => {
    const shape = d.shape(1, 4);
    const [axis, reverse, exclusive] = [d.axis(shape.length), d.chance(0.3), d.chance(0.3)];
    const turned = reverse ? `a.flip(${axis})` : "a";
    const sums = `torch.cumsum(${turned}, ${axis})${exclusive ? ` - ${turned}` : ""}`;
    return d
      .float(shape)
      .call((a) => T.cumsum(a, axis, { reverse, exclusive }), reverse ? `(${sums}).flip(${axis})` : sums);
  },
  softmax: along(T.softmax, "F.softmax"),
  softmin: along(T.softmin, "F.softmin"),
  logSoftmax: along(T.logSoftmax, "F.log_softmax"),
  argmax: position(T.argmax, "argmax"),
  argmin: position(T.argmin, "argmin"),
  any: truth(T.any, "any"),
  all: truth(T.all, "all"),
  variance: spread(T.variance, "var"),
  std: spread(T.std, "std"),
  varMean: (d) => {
    const shape = d.shape(1, 4, 2);
    const [axes, keepDims, correction] = [d.axes(shape.length), d.chance(), d.pick(0, 1)];
    const torchDims = dims(axes, shape.length);
    return d
      .float(shape)
      .call(
        (a) => T.varMean(a, axes, { correction, keepDims }),
        `torch.var_mean(a, dim=${torchDims}, correction=${correction}, keepdim=${python(keepDims)})`,
      );
  },
  norm: (d) => {
    const shape = d.shape(1, 4, 1);
    const [axes, keepDims, p] = [d.axes(shape.length), d.chance(), d.pick(0, 1, 2, 3, 1.5, Infinity, -Infinity)];
    return d
      .float(shape)
      .call(
        (a) => T.norm(a, p, axes, { keepDims }),
        `torch.norm(a, ${python(p)}, ${dims(axes, shape.length)}, keepdim=${python(keepDims)})`,
      );
  },
  sort: (d) => {
    const { axis } = distinct(d);
    const descending = d.chance();
    return d.call((a) => T.sort(a, axis, { descending }), `torch.sort(a, ${axis}, ${python(descending)})`);
  },
  argsort: (d) => {
    const shape = d.shape(1, 3, 1);
    const [axis, descending] = [d.axis(shape.length), d.chance()];
    return d
      .fixed(shape)
      .call(
        (a) => T.argsort(a, axis, { descending }),
        `torch.sort(a, dim=${axis}, descending=${python(descending)}, stable=True)[1]`,
      );
  },
  topK: (d) => {
    const { shape, axis } = distinct(d);
    const [k, largest] = [d.int(0, shape.at(axis)!), d.chance()];
    return d.call((a) => T.topK(a, k, axis, { largest }), `torch.topk(a, ${k}, ${axis}, ${python(largest)})`);
  },
  maxWithIndices: extremeWithIndices(T.maxWithIndices, "max"),
  minWithIndices: extremeWithIndices(T.minWithIndices, "min"),
  median: (d) => {
    const { axis } = distinct(d);
    const keepDims = d.chance();
    if (d.chance(0.3)) return d.call((a) => T.median(a), "torch.median(a)");
    return d.call(
      (a) => T.median(a, axis, { keepDims }),
      `torch.median(a, dim=${axis}, keepdim=${python(keepDims)})[0]`,
    );
  },
  histc: (d) => {
    const [bins, low] = [d.int(1, 7), d.int(-3, 0)];
    const high = low + d.int(1, 5);
    return d
      .fixed(d.shape(1, 3))
      .call((a) => T.histc(a, bins, { min: low, max: high }), `torch.histc(a.detach(), ${bins}, ${low}, ${high})`);
  },
} satisfies Readonly<Record<string, Row>>;
