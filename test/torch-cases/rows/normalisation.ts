/** Normalisations, interpolation, shuffled pixels. */
import * as T from "../../../src/index.js";
import type { Row } from "../case.js";
import { type Draw, keywords, python } from "../draw.js";
import { given } from "./products.js";

/** Images, their channels a multiple of `groups`. */
const images = (d: Draw, channels: number): number[] =>
  d.chance(0.3) ? [d.int(2, 5), channels] : [d.int(1, 3), d.int(2, 5), d.int(2, 5), channels];

/** b and c, weight and bias, where there are any; drawn as operands. */
function affine(d: Draw, shape: readonly number[]): readonly [weight: string, bias: string] {
  const has = d.pick(0, 1, 2);
  if (has > 0) d.float(shape);
  if (has > 1) d.float(shape);
  return [has > 0 ? "b" : "None", has > 1 ? "c" : "None"];
}

const interpolated =
  (modes: readonly T.InterpolateMode[], spatial: number): Row =>
  (d) => {
    const mode = d.pick(...modes);
    const from = Array.from({ length: spatial }, () => d.int(1, spatial > 2 ? 4 : 7));
    const isFilter = ["linear", "bilinear", "trilinear", "bicubic"].includes(mode);
    const bySize = d.chance() || mode === "area";
    const options = {
      mode,
      size: bySize ? from.map(() => d.int(1, spatial > 2 ? 5 : 9)) : undefined,
      scaleFactor: bySize ? undefined : from.map((dim) => Math.max(1 / dim, d.pick(0.5, 2, 1.7, 0.75, 3))),
      alignCorners: isFilter ? d.option(true) : undefined,
      recomputeScaleFactor: bySize ? undefined : d.option(true),
      antialias: mode === "bilinear" || mode === "bicubic" ? d.option(true) : undefined,
    };
    return d
      .float([d.int(1, 2), ...from, d.int(1, 3)])
      .call((x) => T.interpolate(x, given(options)), `nhwc(F.interpolate(nchw(a), ${keywords(options)}))`);
  };

export const normalisation = {
  batchNorm: (d) => {
    const shape = images(d, d.int(1, 5));
    const c = [shape.at(-1)!];
    const eps = d.pick(1e-5, 0.1);
    return d
      .float(shape)
      .float(c)
      .float(c)
      .call(
        (x, gamma, beta) => T.batchNorm(x, gamma, beta, { eps })[0],
        `nhwc(F.batch_norm(nchw(a), None, None, b, c, True, eps=${eps}))`,
      );
  },
  batchNormEval: (d) => {
    const shape = images(d, d.int(1, 5));
    const c = [shape.at(-1)!];
    const eps = d.pick(1e-5, 0.1);
    return d
      .float(shape)
      .float(c)
      .float(c)
      .fixed(c)
      .fixed(c, { low: 0.1, high: 3 })
      .call(
        (x, gamma, beta, mean, variance) => T.batchNormEval(x, gamma, beta, mean, variance, { eps }),
        `nhwc(F.batch_norm(nchw(a), d, e, b, c, False, eps=${eps}))`,
      );
  },
  layerNorm: (d) => {
    const shape = d.shape(1, 4, 2);
    const axes = shape.slice(-d.int(1, shape.length));
    const eps = d.pick(1e-5, 0.1);
    d.float(shape);
    const [weight, bias] = affine(d, axes);
    return d.call(
      (x, w, b) => T.layerNorm(x, axes, w ?? null, b ?? null, { eps }),
      `F.layer_norm(a, ${python(axes)}, ${weight}, ${bias}, ${eps})`,
    );
  },
  groupNorm: (d) => {
    const groups = d.int(1, 3);
    const shape = images(d, groups * d.int(2, 3));
    const eps = d.pick(1e-5, 0.1);
    d.float(shape);
    const [weight, bias] = affine(d, [shape.at(-1)!]);
    return d.call(
      (x, w, b) => T.groupNorm(x, groups, w ?? null, b ?? null, { eps }),
      `nhwc(F.group_norm(nchw(a), ${groups}, ${weight}, ${bias}, ${eps}))`,
    );
  },
  instanceNorm: (d) => {
    const shape = [d.int(1, 3), d.int(2, 5), d.int(1, 5), d.int(1, 4)];
    const eps = d.pick(1e-5, 0.1);
    d.float(shape);
    const [weight, bias] = affine(d, [shape.at(-1)!]);
    return d.call(
      (x, w, b) => T.instanceNorm(x, w ?? null, b ?? null, { eps }),
      `nhwc(F.instance_norm(nchw(a), None, None, ${weight}, ${bias}, True, 0.1, ${eps}))`,
    );
  },
  // torch.nn.functional.rms_norm came after PyTorch 1.13: its formula
  rmsNorm: (d) => {
    const shape = d.shape(1, 4, 1);
    const axes = shape.slice(-d.int(1, shape.length));
    const eps = d.pick(1e-6, 0.1);
    d.float(shape);
    const hasWeight = d.chance();
    if (hasWeight) d.float(axes);
    const dims = python(axes.map((_, i) => -1 - i));
    return d.call(
      (x, w) => T.rmsNorm(x, axes, w ?? null, { eps }),
      `rms_norm(a, ${dims}, ${hasWeight ? "b" : "None"}, ${eps})`,
    );
  },
  localResponseNorm: (d) => {
    const [size, alpha, beta, k] = [d.int(1, 5), d.real(0.1, 1), d.pick(0.75, 1, 0.5), d.pick(1, 2)];
    return d
      .float([d.int(1, 2), d.int(1, 4), d.int(1, 4), d.int(1, 7)])
      .call(
        (x) => T.localResponseNorm(x, size, { alpha, beta, k }),
        `nhwc(F.local_response_norm(nchw(a), ${size}, ${alpha}, ${beta}, ${k}))`,
      );
  },
  // patchMoments and foldBranches make of batch-normalised convolutions one convolution, which PyTorch's sum is held against
  foldBranches: (d) => {
    const [inputs, hasIdentity] = [d.int(1, 3), d.chance()];
    const outputs = hasIdentity ? inputs : d.int(1, 3);
    const eps = d.pick(1e-3, 0.1);
    d.float([d.int(2, 3), d.int(3, 5), d.int(3, 5), inputs]);
    d.float([3, 3, inputs, outputs]).float([1, 1, inputs, outputs]);
    for (let i = 0; i < 6; i++) d.float([outputs]);
    const normalised = (y: string, gamma: string, beta: string): string =>
      `F.batch_norm(${y}, None, None, ${gamma}, ${beta}, True, eps=${eps})`;
    const all = [
      normalised("F.conv2d(nchw(a), oihw(b), padding=1)", "d", "e"),
      normalised("F.conv2d(nchw(a), oihw(c))", "f", "g"),
      ...(hasIdentity ? [normalised("nchw(a)", "h", "i")] : []),
    ];
    return d.call(
      (x, wide, narrow, ...vectors) => {
        const [gamma1, beta1, gamma2, beta2, gamma0, beta0] = vectors as [
          T.Tensor,
          T.Tensor,
          T.Tensor,
          T.Tensor,
          T.Tensor,
          T.Tensor,
        ];
        const branches: T.FoldedBranch[] = [
          ...(hasIdentity ? [{ gamma: gamma0, beta: beta0, kernel: null }] : []),
          { gamma: gamma1, beta: beta1, kernel: wide! },
          { gamma: gamma2, beta: beta2, kernel: narrow! },
        ];
        const moments = T.patchMoments(x!, 3, { padding: 1 });
        const { weight, bias } = T.foldBranches(moments, branches, { kernelSize: 3, eps });
        return T.conv2dBias(x!, weight, bias, { padding: 1 });
      },
      `nhwc(${all.join(" + ")})`,
    );
  },
  resample: (d) => {
    const shape = d.shape(1, 3, 1);
    const axis = d.axis(shape.length);
    const [size, mode] = [d.int(1, 9), d.pick("linear" as const, "nearest" as const)];
    const alignCorners = mode === "linear" && d.chance();
    const options: T.ResampleOptions =
      mode === "nearest"
        ? { mode, coordinates: "asymmetric", nearest: "floor", isSingle: true }
        : { mode, coordinates: alignCorners ? "alignCorners" : "halfPixel" };
    const torch = mode === "nearest" ? 'mode="nearest"' : `mode="linear", align_corners=${python(alignCorners)}`;
    return d
      .float(shape)
      .call(
        (x) => T.resample(x, axis, size, options),
        `along(a, ${axis}, lambda x: F.interpolate(x, ${size}, ${torch}))`,
      );
  },
  interpolate: interpolated(["nearest", "nearest-exact", "bilinear", "bicubic", "area"], 2),
  "interpolate of a sequence": interpolated(["nearest", "linear", "area"], 1),
  "interpolate of a volume": interpolated(["nearest", "trilinear", "area"], 3),
  pixelShuffle: (d) => {
    const r = d.int(1, 3);
    return d
      .float([d.int(1, 2), d.int(1, 3), d.int(1, 3), r * r * d.int(1, 3)])
      .call((x) => T.pixelShuffle(x, r), `nhwc(F.pixel_shuffle(nchw(a), ${r}))`);
  },
  pixelUnshuffle: (d) => {
    const r = d.int(1, 3);
    return d
      .float([d.int(1, 2), r * d.int(1, 3), r * d.int(1, 3), d.int(1, 3)])
      .call((x) => T.pixelUnshuffle(x, r), `nhwc(F.pixel_unshuffle(nchw(a), ${r}))`);
  },
} satisfies Readonly<Record<string, Row>>;
