/** Shapes, parts, joints, indexing, triangles and diagonals. */
import * as T from "../../../src/index.js";
import type { Row } from "../case.js";
import { type Draw, python } from "../draw.js";

const size = (shape: readonly number[]): number => shape.reduce((all, dim) => all * dim, 1);

/** A shape of as many elements: axes joined, split or of size 1. */
function regrouped(d: Draw, shape: readonly number[]): number[] {
  const made = shape.flatMap((dim) => (dim > 0 && dim % 2 === 0 && d.chance() ? [2, dim / 2] : [dim]));
  if (made.length > 1 && d.chance()) made.splice(0, 2, made[0]! * made[1]!);
  if (d.chance(0.3)) made.splice(d.int(0, made.length), 0, 1);
  return made;
}

const torchSlice = (begin: T.Bound, end: T.Bound, step: T.Bound = 1): string =>
  `slice(${python(begin)}, ${python(end)}, ${python(step)})`;

/** Pieces as a list of outputs, at least one. */
const withShape =
  (row: (d: Draw, shape: number[], axis: number) => ReturnType<Row>, low = 1, high = 4, least = 0): Row =>
  (d) => {
    const shape = d.shape(low, high, least);
    return row(d, shape, shape.length > 0 ? d.axis(shape.length) : 0);
  };

/** Operands alike except along one axis. */
function pieces(d: Draw, shape: readonly number[], axis: number, isAlike: boolean): number {
  const count = d.int(1, 4);
  for (let i = 0; i < count; i++)
    d.float(isAlike ? shape : shape.map((dim, k) => (k === (axis + shape.length) % shape.length ? d.int(0, 4) : dim)));
  return count;
}

const letters = (count: number): string => `[${[..."abcdef"].slice(0, count).join(", ")}]`;

export const movement = {
  reshape: withShape((d, shape) => {
    const to = regrouped(d, shape);
    if (size(shape) > 0 && to.length > 0 && d.chance(0.3)) to[d.int(0, to.length - 1)] = -1;
    return d.float(shape).call((a) => T.reshape(a, to), `a.reshape(${python(to)})`);
  }, 0),
  transpose: withShape((d, shape) => {
    const perm = d.permutation(shape.length);
    return d.float(shape).call((a) => T.transpose(a, perm), `a.permute(${python(perm)})`);
  }),
  permute: withShape((d, shape) => {
    const perm = d.permutation(shape.length).map((axis) => (d.chance(0.3) ? axis - shape.length : axis));
    return d.float(shape).call((a) => T.permute(a, perm), `a.permute(${python(perm)})`);
  }),
  swapAxes: withShape((d, shape, axis) => {
    const other = d.axis(shape.length);
    return d.float(shape).call((a) => T.swapAxes(a, axis, other), `a.transpose(${axis}, ${other})`);
  }),
  moveAxis: withShape((d, shape, axis) => {
    if (d.chance()) {
      const to = d.axis(shape.length);
      return d.float(shape).call((a) => T.moveAxis(a, axis, to), `a.movedim(${axis}, ${to})`);
    }
    const count = d.int(1, shape.length);
    const [from, to] = [d.permutation(shape.length).slice(0, count), d.permutation(shape.length).slice(0, count)];
    return d.float(shape).call((a) => T.moveAxis(a, from, to), `a.movedim(${python(from)}, ${python(to)})`);
  }),
  broadcastTo: withShape(
    (d, shape) => {
      const to = [...(d.chance() ? [d.int(1, 3)] : []), ...shape];
      return d.float(d.broadcastable(shape)).call((a) => T.broadcastTo(a, to), `torch.broadcast_to(a, ${python(to)})`);
    },
    0,
    3,
  ),
  expand: withShape((d, shape) => {
    const from = d.broadcastable(shape);
    const lead = shape.length - from.length;
    const to = shape.map((dim, i) => (i >= lead && from[i - lead] === dim && d.chance(0.3) ? -1 : dim));
    return d.float(from).call((a) => T.expand(a, to), `a.expand(${python(to)})`);
  }),
  squeeze: withShape((d, shape) => {
    const some = shape.map((dim) => (d.chance(0.4) ? 1 : dim));
    if (d.chance()) return d.float(some).call((a) => T.squeeze(a), "a.squeeze()");
    const axis = d.axis(some.length);
    return d.float(some).call((a) => T.squeeze(a, axis), `a.squeeze(${axis})`);
  }),
  unsqueeze: withShape((d, shape) => {
    const axis = d.axis(shape.length + 1);
    return d.float(shape).call((a) => T.unsqueeze(a, axis), `a.unsqueeze(${axis})`);
  }, 0),
  flatten: withShape((d, shape) => {
    const start = d.int(0, shape.length - 1);
    const end = d.int(start, shape.length - 1) - (d.chance() ? shape.length : 0);
    return d.float(shape).call((a) => T.flatten(a, start, end), `a.flatten(${start}, ${end})`);
  }),
  unflatten: withShape(
    (d, shape, axis) => {
      const at = (axis + shape.length) % shape.length;
      const [one, other] = [d.int(1, 3), d.int(1, 3)];
      const from = shape.map((dim, i) => (i === at ? one * other : dim));
      const sizes = d.chance() ? [one, other] : [-1, other];
      return d.float(from).call((a) => T.unflatten(a, axis, sizes), `a.unflatten(${axis}, ${python(sizes)})`);
    },
    1,
    3,
  ),
  tile: withShape(
    (d, shape) => {
      const reps = Array.from({ length: d.int(1, shape.length + 1) }, () => d.int(0, 3) || 1);
      return d.float(shape).call((a) => T.tile(a, reps), `a.tile(${python(reps)})`);
    },
    0,
    3,
  ),
  repeat: withShape(
    (d, shape) => {
      const times = Array.from({ length: shape.length + d.int(0, 1) }, () => d.int(0, 3));
      return d.float(shape).call((a) => T.repeat(a, times), `a.repeat(${python(times)})`);
    },
    1,
    3,
  ),
  repeatInterleave: withShape(
    (d, shape, axis) => {
      const dim = shape.at(axis)!;
      const repeats = d.chance() ? d.int(0, 3) : Array.from({ length: dim }, () => d.int(0, 3));
      const torch = typeof repeats === "number" ? repeats : `torch.tensor([${repeats}], dtype=torch.int64)`;
      if (d.chance(0.25)) return d.float(shape).call((a) => T.repeatInterleave(a, 2), "a.repeat_interleave(2)");
      return d.float(shape).call((a) => T.repeatInterleave(a, repeats, axis), `a.repeat_interleave(${torch}, ${axis})`);
    },
    1,
    3,
  ),
  roll: withShape((d, shape) => {
    if (d.chance(0.3)) {
      const shift = d.int(-12, 12);
      return d.float(shape).call((a) => T.roll(a, shift), `a.roll(${shift})`);
    }
    const axes = d.permutation(shape.length).slice(0, d.int(1, shape.length));
    const shifts = axes.map(() => d.int(-12, 12));
    return d.float(shape).call((a) => T.roll(a, shifts, axes), `a.roll(${python(shifts)}, ${python(axes)})`);
  }),
  flip: withShape((d, shape) => {
    const axes = d.axes(shape.length);
    const torch = axes ?? shape.map((_, i) => i);
    return d.float(shape).call((a) => T.flip(a, axes), `a.flip(${python(torch)})`);
  }),
  concat: withShape(
    (d, shape, axis) => {
      const count = pieces(d, shape, axis, false);
      return d.call((...all) => T.concat(all, axis), `torch.cat(${letters(count)}, ${axis})`);
    },
    1,
    3,
  ),
  stack: withShape(
    (d, shape) => {
      const axis = d.axis(shape.length + 1);
      const count = pieces(d, shape, axis, true);
      return d.call((...all) => T.stack(all, axis), `torch.stack(${letters(count)}, ${axis})`);
    },
    0,
    3,
  ),
  slice: withShape((d, shape) => {
    const begin = shape.map((dim) => d.int(0, dim));
    const sizes = shape.map((dim, i) => d.int(0, dim - begin[i]!));
    const parts = begin.map((from, i) => torchSlice(from, from + sizes[i]!));
    return d.float(shape).call((a) => T.slice(a, begin, sizes), `a[(${parts.join(", ")},)]`);
  }),
  stridedSlice: withShape((d, shape) => {
    const bound = (dim: number): number | null => (d.chance(0.3) ? null : d.int(-dim - 2, dim + 2));
    const begin = shape.map(bound);
    const end = shape.map(bound);
    const step = shape.map(() => d.int(1, 3));
    const parts = begin.map((from, i) => torchSlice(from, end[i]!, step[i]));
    return d.float(shape).call((a) => T.stridedSlice(a, begin, end, step), `a[(${parts.join(", ")},)]`);
  }),
  narrow: withShape((d, shape, axis) => {
    const dim = shape.at(axis)!;
    const start = d.int(0, dim);
    const length = d.int(0, dim - start);
    return d.float(shape).call((a) => T.narrow(a, axis, start, length), `a.narrow(${axis}, ${start}, ${length})`);
  }),
  select: withShape(
    (d, shape, axis) => {
      const dim = shape.at(axis)!;
      const index = d.int(-dim, dim - 1);
      return d.float(shape).call((a) => T.select(a, axis, index), `a.select(${axis}, ${index})`);
    },
    1,
    4,
    1,
  ),
  at: withShape(
    (d, shape) => {
      const items = shape.slice(0, d.int(0, shape.length)).map((dim): number | T.Range => {
        if (d.chance()) return d.int(-dim, dim - 1);
        return [d.chance(0.3) ? null : d.int(-dim, dim), d.chance(0.3) ? null : d.int(-dim, dim), d.int(1, 2)];
      });
      const extra = d.pick<"new" | "rest" | null>("new", "rest", null);
      const torchItems = items.map((item) => (typeof item === "number" ? `${item}` : torchSlice(...item)));
      const [ours, theirs]: [(number | string | T.Range)[], string[]] =
        extra === null
          ? [items, torchItems]
          : [
              [...items, extra === "new" ? "None" : "..."],
              [...torchItems, extra === "new" ? "None" : "..."],
            ];
      return d.float(shape).call((a) => T.at(a, ...ours), `a[(${theirs.map((item) => `${item}, `).join("")})]`);
    },
    1,
    4,
    1,
  ),
  split: withShape((d, shape, axis) => {
    const dim = shape.at(axis)!;
    const first = d.int(0, dim);
    const sizes = dim === 0 || d.chance() ? [first, dim - first] : d.int(1, dim);
    return d
      .float(shape)
      .call((a) => T.split(a, sizes, axis), `a.split(${typeof sizes === "number" ? sizes : `[${sizes}]`}, ${axis})`);
  }),
  chunk: withShape((d, shape, axis) => {
    const chunks = d.int(1, 5);
    return d.float(shape).call((a) => T.chunk(a, chunks, axis), `a.chunk(${chunks}, ${axis})`);
  }),
  unbind: withShape((d, shape, axis) => d.float(shape).call((a) => T.unbind(a, axis), `a.unbind(${axis})`), 1, 3, 1),
  pad: withShape(
    (d, shape) => {
      const mode = d.pick("constant", "reflect", "replicate", "circular");
      if (mode === "constant") {
        const widths = shape.map((): [number, number] => [d.int(0, 3), d.int(0, 3)]);
        const value = d.real(-2, 2);
        const sides = widths.toReversed().flat();
        return d.float(shape).call((a) => T.pad(a, widths, value), `F.pad(a, ${python(sides)}, value=${value})`);
      }
      const image = [d.int(1, 2), d.int(2, 6), d.int(2, 6), d.int(1, 3)];
      const most = { reflect: 1, replicate: -3, circular: 0 }[mode];
      const [h, w] = [image[1]!, image[2]!].map((dim): [number, number] => [
        d.int(0, dim - most),
        d.int(0, dim - most),
      ]) as [[number, number], [number, number]];
      const widths: [number, number][] = [[0, 0], h, w, [0, 0]];
      return d
        .float(image)
        .call((a) => T.pad(a, widths, { mode }), `nhwc(F.pad(nchw(a), ${python([...w, ...h])}, mode="${mode}"))`);
    },
    1,
    4,
  ),
  tril: withShape((d, shape) => {
    const k = d.int(-4, 4);
    return d.float(shape).call((a) => T.tril(a, k), `a.tril(${k})`);
  }, 2),
  triu: withShape((d, shape) => {
    const k = d.int(-4, 4);
    return d.float(shape).call((a) => T.triu(a, k), `a.triu(${k})`);
  }, 2),
  diagonal: withShape(
    (d, shape) => {
      const [one, other] = d.permutation(shape.length) as [number, number];
      const offset = d.int(-3, 3);
      return d.float(shape).call((a) => T.diagonal(a, offset, one, other), `a.diagonal(${offset}, ${one}, ${other})`);
    },
    2,
    4,
    1,
  ),
  diag: withShape(
    (d, shape) => {
      const offset = shape.length === 1 ? d.int(-3, 3) : d.int(-shape[0]!, shape[1]!);
      return d.float(shape).call((a) => T.diag(a, offset), `a.diag(${offset})`);
    },
    1,
    2,
    1,
  ),
  meshgrid: (d) => {
    const [n, m, k] = [d.int(1, 5), d.int(1, 5), d.int(1, 4)];
    const indexing = d.pick("ij", "xy");
    return d
      .float([n])
      .float([m])
      .float([k])
      .call((...all) => T.meshgrid(all, indexing), `torch.meshgrid(a, b, c, indexing="${indexing}")`);
  },
} satisfies Readonly<Record<string, Row>>;

/** An index tensor for each place of `shape`, along an axis of `dim`. */
const alongAxis =
  (ours: (x: T.Tensor, axis: number, index: T.Tensor) => T.Tensor, torch: string): Row =>
  (d) => {
    const shape = d.shape(1, 3, 1);
    const axis = d.axis(shape.length);
    const at = (axis + shape.length) % shape.length;
    const index = shape.map((dim, i) => (i === at ? d.int(0, 6) : dim));
    return d
      .float(shape)
      .integers(index, 0, shape[at]! - 1)
      .call((a, b) => ours(a, axis, b), torch.replaceAll("AXIS", `${axis}`));
  };

/** `isDistinct`: no place is written twice, which scatter leaves open. */
const scattered =
  (ours: typeof T.scatter, torch: string, isDistinct: boolean): Row =>
  (d) => {
    const shape = d.shape(1, 3, 1);
    const axis = d.axis(shape.length);
    const at = (axis + shape.length) % shape.length;
    const index = isDistinct
      ? shape.map((dim, i) => (i === at ? 1 : dim))
      : shape.map((dim, i) => (i === at ? d.int(1, 6) : dim));
    return d
      .float(shape)
      .integers(index, 0, shape[at]! - 1)
      .float(index)
      .call((a, b, c) => ours(a, axis, b, c), `a.${torch}(${axis}, b, c)`);
  };

export const indexing = {
  gather: alongAxis((a, axis, b) => T.gather(a, axis, b), "a.gather(AXIS, b)"),
  "gather of rows": (d) => {
    const shape = d.shape(1, 3, 1);
    return d
      .float(shape)
      .integers(d.shape(0, 2), 0, shape[0]! - 1)
      .call((a, b) => T.gather(a, b), "a[b]");
  },
  takeAlongAxis: alongAxis((a, axis, b) => T.takeAlongAxis(a, b, axis), "torch.take_along_dim(a, b, AXIS)"),
  scatter: scattered(T.scatter, "scatter", true),
  scatterAdd: scattered(T.scatterAdd, "scatter_add", false),
  indexSelect: (d) => {
    const shape = d.shape(1, 4, 1);
    const axis = d.axis(shape.length);
    return d
      .float(shape)
      .integers([d.int(0, 7)], 0, shape.at(axis)! - 1)
      .call((a, b) => T.indexSelect(a, axis, b), `a.index_select(${axis}, b)`);
  },
  maskedFill: (d) => {
    const shape = d.shape(0, 4);
    const value = d.real(-3, 3);
    return d
      .float(shape)
      .bools(d.broadcastable(shape))
      .call((a, b) => T.maskedFill(a, b, value), `a.masked_fill(b, ${value})`);
  },
  maskedSelect: (d) => {
    const shape = d.shape(1, 4);
    return d.float(shape).bools(shape).call(T.maskedSelect, "a.masked_select(b)");
  },
  nonzero: (d) => d.bools(d.shape(1, 4)).call(T.nonzero, "a.nonzero()"),
  oneHot: (d) => {
    const depth = d.int(1, 7);
    return d.integers(d.shape(1, 3), 0, depth - 1).call((a) => T.oneHot(a, depth, "int32"), `F.one_hot(a, ${depth})`);
  },
} satisfies Readonly<Record<string, Row>>;
