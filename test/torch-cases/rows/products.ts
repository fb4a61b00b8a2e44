/** Matrix products, contractions, attention. */
import * as T from "../../../src/index.js";
import type { Row } from "../case.js";
import { keywords, python, type Range } from "../draw.js";

/** Equations with a size for each letter drawn anew. */
const EQUATIONS = [
  "ij,jk->ik",
  "bij,bjk->bik",
  "ij->ji",
  "ii->i",
  "ii->",
  "ij,ij->",
  "i,j->ij",
  "bhid,bhjd->bhij",
  "ij,jk,kl->il",
  "ijk->k",
  "bn,anm,bm->ba",
  "ij,j->i",
  "...ij,...jk->...ik",
] as const;

/** Scores of thousands make softmax a step, at which float32's last digit decides. */
const MODEST: Range = { low: -3, high: 3 };

export const products = {
  matmul: (d) => {
    const [n, k, m] = [d.int(0, 9), d.int(0, 9), d.int(0, 9)] as const;
    const batch = d.shape(0, 2);
    const [transposeA, transposeB] = [d.chance(0.3), d.chance(0.3)];
    const a = [...batch, ...(transposeA ? [k, n] : [n, k])];
    const b = [...(d.chance() ? [] : d.broadcastable(batch)), ...(transposeB ? [m, k] : [k, m])];
    return d
      .float(a)
      .float(b)
      .call(
        (x, y) => T.matmul(x, y, { transposeA, transposeB }),
        `${transposeA ? "a.mT" : "a"} @ ${transposeB ? "b.mT" : "b"}`,
      );
  },
  einsum: (d) => {
    const equation = d.pick(...EQUATIONS);
    const sizes = new Map([..."abdhijklmn"].map((letter) => [letter, d.int(1, 5)]));
    const batch = [d.int(1, 3)];
    const inputs = equation.split("->")[0]!.split(",");
    for (const input of inputs)
      d.float([...(input.startsWith("...") ? batch : []), ...[...input.replace("...", "")].map((c) => sizes.get(c)!)]);
    const operands = ["a", "b", "c"].slice(0, inputs.length).join(", ");
    return d.call((...all) => T.einsum(equation, ...all), `torch.einsum("${equation}", ${operands})`);
  },
  outer: (d) =>
    d
      .float([d.int(0, 9)])
      .float([d.int(0, 9)])
      .call(T.outer, "torch.outer(a, b)"),
  dot: (d) => {
    const n = d.int(0, 9);
    return d.float([n]).float([n]).call(T.dot, "torch.dot(a, b)");
  },
  scaledDotProductAttention: (d) => {
    const batch = d.shape(0, 2, 1).map((dim) => Math.min(dim, 3));
    const [l, s, e, v] = [d.int(1, 6), d.int(1, 6), d.int(1, 5), d.int(1, 5)];
    const scale = d.option(d.real(0.2, 2));
    const mask = d.pick("none", "float", "bool", "causal");
    d.float([...batch, l, e], MODEST)
      .float([...batch, s, e], MODEST)
      .float([...batch, s, v]);
    const maskShape = d.chance() ? [l, s] : [...batch, l, s];
    if (mask === "float") d.float(maskShape);
    // a query that sees nothing is NaN in PyTorch 1.13's formula and 0 in later functions
    if (mask === "bool") d.bools(maskShape, 1);
    return d.call(
      (q, k, x, attnMask) =>
        T.scaledDotProductAttention(q, k, x, {
          ...(scale === undefined ? {} : { scale }),
          ...(attnMask ? { attnMask } : {}),
          isCausal: mask === "causal",
        }),
      `attention(a, b, c, ${mask === "float" || mask === "bool" ? "d" : "None"}, ${python(scale ?? null)}, ${python(mask === "causal")})`,
    );
  },
} satisfies Readonly<Record<string, Row>>;

type Pair = [number, number];

export const windows = {
  conv2d: (d) => {
    const groups = d.pick(1, 1, 2, 3);
    const [inputs, outputs] = [d.int(1, 3), d.int(1, 3)];
    const kernel: Pair = [d.int(1, 4), d.int(1, 4)];
    const stride = d.option<number | Pair>(2, [1, 3], 3);
    const dilation = d.option<number | Pair>(2, [2, 1]);
    const padding = d.option<number | Pair | "same">(1, [2, 0], ...(stride === undefined ? ["same" as const] : []));
    const options = { stride, dilation, padding, groups };
    return d
      .float([d.int(1, 2), d.int(4, 9), d.int(4, 9), inputs * groups])
      .float([...kernel, inputs, outputs * groups])
      .call((x, w) => T.conv2d(x, w, given(options)), `nhwc(F.conv2d(nchw(a), oihw(b), None, ${keywords(options)}))`);
  },
  "conv2d with sides": (d) => {
    const sides: [Pair, Pair] = [
      [d.int(0, 3), d.int(0, 3)],
      [d.int(0, 3), d.int(0, 3)],
    ];
    const stride = d.option(2);
    const [inputs, outputs] = [d.int(1, 4), d.int(1, 4)];
    return d
      .float([d.int(1, 2), d.int(3, 7), d.int(3, 7), inputs])
      .float([d.int(1, 3), d.int(1, 3), inputs, outputs])
      .call(
        (x, w) => T.conv2d(x, w, { padding: sides, ...given({ stride }) }),
        `nhwc(F.conv2d(F.pad(nchw(a), ${python(sides.toReversed().flat())}), oihw(b), None, ${keywords({ stride })}))`,
      );
  },
  "conv2d by depth": (d) => {
    const c = d.int(1, 9);
    const options = {
      stride: d.option<number | Pair>(2, [1, 2]),
      padding: d.option(1, 2),
      dilation: d.option(2),
      groups: c,
    };
    return d
      .float([d.int(1, 2), d.int(5, 9), d.int(5, 9), c])
      .float([d.int(1, 3), d.int(1, 3), 1, c])
      .call((x, w) => T.conv2d(x, w, given(options)), `nhwc(F.conv2d(nchw(a), oihw(b), None, ${keywords(options)}))`);
  },
  conv2dBias: (d) => {
    const [inputs, outputs] = [d.int(1, 4), d.int(1, 5)];
    const kernel: Pair = [d.int(1, 3), d.int(1, 3)];
    const options = { stride: d.option(2), padding: d.option(1) };
    const activation = d.option("relu" as const);
    const torch = `nhwc(F.conv2d(nchw(a), oihw(b), c, ${keywords(options)}))`;
    return d
      .float([d.int(1, 2), d.int(3, 9), d.int(3, 9), inputs])
      .float([...kernel, inputs, outputs])
      .float([outputs])
      .call(
        (x, w, b) => T.conv2dBias(x, w, b, { ...given(options), ...(activation ? { activation } : {}) }),
        activation ? `F.relu(${torch})` : torch,
      );
  },
  convTranspose2d: (d) => {
    const groups = d.pick(1, 1, 2);
    const [inputs, outputs] = [d.int(1, 3), d.int(1, 3)];
    const stride = d.option(2, 3);
    const options = {
      stride,
      padding: d.option(1),
      outputPadding: stride === undefined ? undefined : d.option<number | Pair>(1, [0, 1]),
      dilation: d.option(2),
      groups,
    };
    return d
      .float([d.int(1, 2), d.int(2, 5), d.int(2, 5), inputs * groups])
      .float([d.int(2, 3), d.int(2, 4), outputs, inputs * groups])
      .float([outputs * groups])
      .call(
        (x, w, bias) => T.convTranspose2d(x, w, { ...given(options), bias }),
        `nhwc(F.conv_transpose2d(nchw(a), oihw(b), c, ${keywords(options)}))`,
      );
  },
  conv1d: (d) => {
    const groups = d.pick(1, 1, 2);
    const [inputs, outputs] = [d.int(1, 3), d.int(1, 3)];
    const options = { stride: d.option(2, 3), padding: d.option(1, 2), dilation: d.option(2), groups };
    return d
      .float([d.int(1, 3), d.int(5, 9), inputs * groups])
      .float([d.int(1, 3), inputs, outputs * groups])
      .float([outputs * groups])
      .call(
        (x, w, bias) => T.conv1d(x, w, { ...given(options), bias }),
        `nhwc(F.conv1d(nchw(a), oihw(b), c, ${keywords(options)}))`,
      );
  },
  convTranspose1d: (d) => {
    const groups = d.pick(1, 1, 2);
    const [inputs, outputs] = [d.int(1, 3), d.int(1, 3)];
    const options = { stride: d.option(2, 3), padding: d.option(1), dilation: d.option(2), groups };
    return d
      .float([d.int(1, 3), d.int(2, 6), inputs * groups])
      .float([d.int(2, 4), outputs, inputs * groups])
      .call(
        (x, w) => T.convTranspose1d(x, w, given(options)),
        `nhwc(F.conv_transpose1d(nchw(a), oihw(b), None, ${keywords(options)}))`,
      );
  },
  avgPool2d: (d) => {
    const kernel = d.pick<number | Pair>(2, 3, [2, 3], [3, 1]);
    const options = {
      stride: d.option(1, 2, 3),
      padding: kernel === 2 || kernel === 3 ? d.option(1) : undefined,
      ceilMode: d.option(true),
      countIncludePad: d.option(false),
      divisorOverride: d.option(5),
    };
    return d
      .float([d.int(1, 2), d.int(3, 9), d.int(3, 9), d.int(1, 5)])
      .call(
        (x) => T.avgPool2d(x, kernel, given(options)),
        `nhwc(F.avg_pool2d(nchw(a), ${python(kernel)}, ${keywords(options)}))`,
      );
  },
  maxPool2d: (d) => {
    const kernel = d.pick<number | Pair>(2, 3, [2, 3], [3, 1]);
    const options = {
      stride: d.option(1, 2, 3),
      padding: kernel === 2 || kernel === 3 ? d.option(1) : undefined,
      dilation: d.option(2),
      ceilMode: d.option(true),
    };
    return d
      .float([d.int(1, 2), d.int(5, 9), d.int(5, 9), d.int(1, 5)])
      .call(
        (x) => T.maxPool2d(x, kernel, given(options)),
        `nhwc(F.max_pool2d(nchw(a), ${python(kernel)}, ${keywords(options)}))`,
      );
  },
  maxPool2dWithIndices: (d) => {
    const options = { stride: d.option(1, 2), padding: d.option(1), ceilMode: d.option(true) };
    return d
      .float([d.int(1, 2), d.int(3, 8), d.int(3, 8), d.int(1, 3)])
      .call(
        (x) => T.maxPool2dWithIndices(x, 3, given(options)),
        `[nhwc(y) for y in F.max_pool2d(nchw(a), 3, ${keywords({ ...options, returnIndices: true })})]`,
      );
  },
  maxPool2dIndices: (d) =>
    d
      .float([d.int(1, 2), d.int(3, 8), d.int(3, 8), d.int(1, 3)])
      .call((x) => T.maxPool2dIndices(x, 2), "nhwc(F.max_pool2d(nchw(a), 2, return_indices=True)[1])"),
  maxUnpool2d: (d) =>
    d.float([d.int(1, 2), 2 * d.int(1, 4), 2 * d.int(1, 4), d.int(1, 3)]).call((x) => {
      const [y, indices] = T.maxPool2dWithIndices(x, 2);
      return T.maxUnpool2d(y, indices, 2);
    }, "nhwc(F.max_unpool2d(*F.max_pool2d(nchw(a), 2, return_indices=True), 2))"),
  maxPool1d: (d) => {
    const options = { stride: d.option(1, 2), padding: d.option(1), dilation: d.option(2), ceilMode: d.option(true) };
    return d
      .float([d.int(1, 3), d.int(5, 9), d.int(1, 5)])
      .call((x) => T.maxPool1d(x, 3, given(options)), `nhwc(F.max_pool1d(nchw(a), 3, ${keywords(options)}))`);
  },
  avgPool1d: (d) => {
    const options = {
      stride: d.option(1, 2),
      padding: d.option(1),
      ceilMode: d.option(true),
      countIncludePad: d.option(false),
    };
    return d
      .float([d.int(1, 3), d.int(3, 9), d.int(1, 5)])
      .call((x) => T.avgPool1d(x, 3, given(options)), `nhwc(F.avg_pool1d(nchw(a), 3, ${keywords(options)}))`);
  },
  lpPool2d: (d) => {
    const p = d.pick(1, 2, 3);
    const options = { stride: d.option(1, 2), ceilMode: d.option(true) };
    return d
      .float([d.int(1, 2), d.int(3, 8), d.int(3, 8), d.int(1, 3)], { low: 0.1, high: 3 })
      .call((x) => T.lpPool2d(x, p, 2, given(options)), `nhwc(F.lp_pool2d(nchw(a), ${p}, 2, ${keywords(options)}))`);
  },
  adaptiveAvgPool2d: (d) => {
    const size = d.pick<number | Pair>(1, 2, [3, 2], [5, 1]);
    return d
      .float([d.int(1, 2), d.int(1, 9), d.int(1, 9), d.int(1, 4)])
      .call((x) => T.adaptiveAvgPool2d(x, size), `nhwc(F.adaptive_avg_pool2d(nchw(a), ${python(size)}))`);
  },
  adaptiveMaxPool2d: (d) => {
    const size = d.pick<number | Pair>(1, 2, [3, 2], [5, 1]);
    return d
      .float([d.int(1, 2), d.int(1, 9), d.int(1, 9), d.int(1, 4)])
      .call((x) => T.adaptiveMaxPool2d(x, size), `nhwc(F.adaptive_max_pool2d(nchw(a), ${python(size)}))`);
  },
  globalAvgPool: (d) =>
    d.float([d.int(1, 3), d.int(1, 9), d.int(1, 9), d.int(1, 5)]).call(T.globalAvgPool, "a.mean((1, 2))"),
  globalMaxPool: (d) =>
    d.float([d.int(1, 3), d.int(1, 9), d.int(1, 9), d.int(1, 5)]).call(T.globalMaxPool, "a.amax((1, 2))"),
} satisfies Readonly<Record<string, Row>>;

/** Options without those that are undefined. */
export function given<O extends object>(options: O): { [K in keyof O]: Exclude<O[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
