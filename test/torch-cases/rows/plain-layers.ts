/** Layers without parameters: the functions under their names, with the options as their constructors take them. */
import * as T from "../../../src/index.js";
import type { Row } from "../case.js";
import { type Draw, keywords, python, type Range } from "../draw.js";
import { given } from "./products.js";

const { nn } = T;
type Layer = { forward(x: T.Tensor): T.Tensor };
type Pair = [number, number];

/** A layer of any shape; the same text constructs PyTorch's. */
const anyShape =
  (make: (d: Draw) => readonly [layer: Layer, torch: string], range: Range = {}): Row =>
  (d) => {
    const [layer, torch] = make(d);
    return d.float(d.shape(1, 4), range).call((x) => layer.forward(x), `nn.${torch}(a)`);
  };

const plain = (make: () => Layer, name: string): Row => anyShape(() => [make(), `${name}()`]);

const numbered = (make: (number: number) => Layer, name: string, low: number, high: number): Row =>
  anyShape((d) => {
    const number = d.real(low, high);
    return [make(number), `${name}(${number})`];
  });

/** A layer of images [N, H, W, C], or of sequences where `spatial` is 1. */
const ofImages =
  (make: (d: Draw) => readonly [layer: Layer, torch: string], spatial = 2, range: Range = {}): Row =>
  (d) => {
    const [layer, torch] = make(d);
    const shape = [d.int(1, 2), ...Array.from({ length: spatial }, () => d.int(4, 8)), d.int(1, 4)];
    return d.float(shape, range).call((x) => layer.forward(x), `nhwc(nn.${torch}(nchw(a)))`);
  };

const pool = (make: (options: never) => Layer, name: string, spatial: number, isAverage: boolean): Row =>
  ofImages((d) => {
    const kernelSize = d.pick(2, 3);
    const options = {
      stride: d.option(1, 2),
      padding: d.option(1),
      ceilMode: d.option(true),
      ...(isAverage ? { countIncludePad: d.option(false) } : { dilation: d.option(1) }),
    };
    return [make({ kernelSize, ...given(options) } as never), `${name}(${keywords({ kernelSize, ...options })})`];
  }, spatial);

const padding = (make: (widths: [Pair, Pair]) => Layer, torch: string): Row =>
  ofImages((d) => {
    const [h, w]: [Pair, Pair] = [
      [d.int(0, 3), d.int(0, 3)],
      [d.int(0, 3), d.int(0, 3)],
    ];
    return [make([h, w]), torch.replace("WIDTHS", python([...w, ...h]))];
  });

const softmax =
  (make: (axis: number) => Layer, name: string): Row =>
  (d) => {
    const shape = d.shape(1, 4);
    const axis = d.axis(shape.length);
    return d.float(shape).call((x) => make(axis).forward(x), `nn.${name}(${axis})(a)`);
  };

export const plainLayers = {
  ReLU: plain(() => new nn.ReLU(), "ReLU"),
  ReLU6: plain(() => new nn.ReLU6(), "ReLU6"),
  Sigmoid: plain(() => new nn.Sigmoid(), "Sigmoid"),
  SiLU: plain(() => new nn.SiLU(), "SiLU"),
  Hardswish: plain(() => new nn.Hardswish(), "Hardswish"),
  Hardsigmoid: (d) =>
    d.float(d.shape(0, 4)).call((x) => new nn.Hardsigmoid().forward(x), "torch.clamp(a + 3, 0, 6) / 6"),
  Mish: plain(() => new nn.Mish(), "Mish"),
  SELU: plain(() => new nn.SELU(), "SELU"),
  Tanh: plain(() => new nn.Tanh(), "Tanh"),
  LogSigmoid: plain(() => new nn.LogSigmoid(), "LogSigmoid"),
  Softsign: plain(() => new nn.Softsign(), "Softsign"),
  Tanhshrink: plain(() => new nn.Tanhshrink(), "Tanhshrink"),
  Identity: plain(() => new nn.Identity(), "Identity"),
  LeakyReLU: numbered((slope) => new nn.LeakyReLU(slope), "LeakyReLU", 0.001, 1.5),
  ELU: numbered((alpha) => new nn.ELU(alpha), "ELU", 0.1, 2),
  CELU: numbered((alpha) => new nn.CELU(alpha), "CELU", 0.1, 2),
  Hardshrink: numbered((lambd) => new nn.Hardshrink(lambd), "Hardshrink", 0, 1),
  Softshrink: numbered((lambd) => new nn.Softshrink(lambd), "Softshrink", 0, 1),
  Hardtanh: anyShape((d) => {
    const [low, high] = [d.real(-2, 0), d.real(0.1, 2)];
    return [new nn.Hardtanh(low, high), `Hardtanh(${low}, ${high})`];
  }),
  GELU: anyShape((d) => {
    const approximate = d.pick("none", "tanh");
    return [new nn.GELU({ approximate }), `GELU(${keywords({ approximate })})`];
  }),
  Softplus: anyShape((d) => {
    const options = { beta: d.option(0.5, 3), threshold: d.option(2) };
    return [new nn.Softplus(given(options)), `Softplus(${keywords(options)})`];
  }),
  Softmax: softmax((axis) => new nn.Softmax(axis), "Softmax"),
  LogSoftmax: softmax((axis) => new nn.LogSoftmax(axis), "LogSoftmax"),
  MaxPool2d: pool((options) => new nn.MaxPool2d(options), "MaxPool2d", 2, false),
  AvgPool2d: pool((options) => new nn.AvgPool2d(options), "AvgPool2d", 2, true),
  MaxPool1d: pool((options) => new nn.MaxPool1d(options), "MaxPool1d", 1, false),
  AvgPool1d: pool((options) => new nn.AvgPool1d(options), "AvgPool1d", 1, true),
  LPPool2d: ofImages(
    (d) => {
      const [normType, kernelSize] = [d.pick(1, 2, 3), d.pick<number | Pair>(2, [3, 2])];
      const options = { stride: d.option(1, 2), ceilMode: d.option(true) };
      return [
        new nn.LPPool2d({ normType, kernelSize, ...given(options) }),
        `LPPool2d(${normType}, ${python(kernelSize)}, ${keywords(options)})`,
      ];
    },
    2,
    { low: 0.1, high: 3 },
  ),
  AdaptiveAvgPool2d: ofImages((d) => {
    const size = d.pick<number | [number | null, number]>(1, 3, [2, 5], [null, 3]);
    return [new nn.AdaptiveAvgPool2d(size), `AdaptiveAvgPool2d(${python(size)})`];
  }),
  AdaptiveMaxPool2d: ofImages((d) => {
    const size = d.pick<number | [number | null, number]>(1, 3, [2, 5], [null, 3]);
    return [new nn.AdaptiveMaxPool2d(size), `AdaptiveMaxPool2d(${python(size)})`];
  }),
  GlobalAvgPool: (d) =>
    d
      .float([d.int(1, 3), d.int(1, 7), d.int(1, 7), d.int(1, 5)])
      .call((x) => new nn.GlobalAvgPool().forward(x), "a.mean((1, 2))"),
  GlobalMaxPool: (d) =>
    d
      .float([d.int(1, 3), d.int(1, 7), d.int(1, 7), d.int(1, 5)])
      .call((x) => new nn.GlobalMaxPool().forward(x), "a.amax((1, 2))"),
  ZeroPad2d: padding((widths) => new nn.ZeroPad2d(widths), "ZeroPad2d(WIDTHS)"),
  ReflectionPad2d: padding((widths) => new nn.ReflectionPad2d(widths), "ReflectionPad2d(WIDTHS)"),
  ReplicationPad2d: padding((widths) => new nn.ReplicationPad2d(widths), "ReplicationPad2d(WIDTHS)"),
  // torch.nn.CircularPad2d came after PyTorch 1.13
  CircularPad2d: padding((widths) => new nn.CircularPad2d(widths), "CircularPad2d(WIDTHS)"),
  Upsample: ofImages((d) => {
    const options = { scaleFactor: d.pick(2, 3), mode: d.pick<T.InterpolateMode>("nearest", "bilinear", "bicubic") };
    return [new nn.Upsample(options), `Upsample(${keywords(options)})`];
  }),
  PixelShuffle: (d) =>
    d
      .float([d.int(1, 2), d.int(1, 3), d.int(1, 3), 4 * d.int(1, 3)])
      .call((x) => new nn.PixelShuffle(2).forward(x), "nhwc(nn.PixelShuffle(2)(nchw(a)))"),
  PixelUnshuffle: (d) =>
    d
      .float([d.int(1, 2), 2 * d.int(1, 3), 2 * d.int(1, 3), d.int(1, 3)])
      .call((x) => new nn.PixelUnshuffle(2).forward(x), "nhwc(nn.PixelUnshuffle(2)(nchw(a)))"),
  Flatten: (d) => {
    const shape = d.shape(2, 4, 1);
    const start = d.int(0, shape.length - 1);
    return d.float(shape).call((x) => new nn.Flatten(start, -1).forward(x), `nn.Flatten(${start}, -1)(a)`);
  },
  Unflatten: (d) => {
    const [n, m] = [d.int(1, 3), d.int(1, 3)];
    return d
      .float([d.int(1, 3), n * m])
      .call((x) => new nn.Unflatten(1, [n, m]).forward(x), `nn.Unflatten(1, (${n}, ${m}))(a)`);
  },
  // what chance leaves alone; the drawn masks are tested in test/nn/chance-layers.test.ts
  Dropout: plain(() => new nn.Dropout(0.5).eval(), "Identity"),
  Dropout2d: ofImages(() => [new nn.Dropout2d(0.5).eval(), "Identity()"]),
  DropPath: ofImages(() => [new nn.DropPath(0.5).eval(), "Identity()"]),
  dropout: (d) => {
    const [p, training] = d.pick<[number, boolean]>([0.4, false], [0, true], [1, true]);
    return d.float(d.shape(0, 4)).call((x) => T.dropout(x, p, training), `F.dropout(a, ${p}, ${python(training)})`);
  },
} satisfies Readonly<Record<string, Row>>;

/** A loss layer of x and target alike in shape. */
const loss =
  (
    make: (options: never) => { forward(x: T.Tensor, target: T.Tensor): T.Tensor },
    name: string,
    left: Range = {},
    right: Range = {},
  ): Row =>
  (d) => {
    const shape = d.shape(1, 3, 1);
    const reduction = d.pick("mean", "sum", "none");
    return d
      .float(shape, left)
      .fixed(shape, right)
      .call(
        (x, target) => make({ reduction } as never).forward(x, target),
        `nn.${name}(reduction="${reduction}")(a, b)`,
      );
  };

const share: Range = { low: 0.01, high: 0.99 };

/** Scores [N, K] and labels. */
const classLoss =
  (make: (options: never) => { forward(x: T.Tensor, labels: T.Tensor): T.Tensor }, torch: string): Row =>
  (d) => {
    const [n, k] = [d.int(1, 6), d.int(1, 6)];
    const reduction = d.pick("mean", "sum", "none");
    return d
      .float([n, k])
      .integers([n], 0, k - 1)
      .call(
        (x, labels) => make({ reduction } as never).forward(x, labels),
        torch.replaceAll("REDUCTION", `reduction="${reduction}"`),
      );
  };

export const lossLayers = {
  CrossEntropyLoss: classLoss((options) => new nn.CrossEntropyLoss(options), "nn.CrossEntropyLoss(REDUCTION)(a, b)"),
  NLLLoss: classLoss((options) => new nn.NLLLoss(options), "nn.NLLLoss(REDUCTION)(a, b)"),
  // PyTorch has none: of gamma 0 it is cross-entropy; the function's row has the others
  FocalLoss: classLoss(
    (options) => new nn.FocalLoss({ gamma: 0, ...(options as object) }),
    "nn.CrossEntropyLoss(REDUCTION)(a, b)",
  ),
  MSELoss: loss((options) => new nn.MSELoss(options), "MSELoss"),
  L1Loss: loss((options) => new nn.L1Loss(options), "L1Loss"),
  SmoothL1Loss: loss((options) => new nn.SmoothL1Loss(options), "SmoothL1Loss"),
  HuberLoss: loss((options) => new nn.HuberLoss(options), "HuberLoss"),
  BCELoss: loss((options) => new nn.BCELoss(options), "BCELoss", share, share),
  BCEWithLogitsLoss: loss((options) => new nn.BCEWithLogitsLoss(options), "BCEWithLogitsLoss", {}, share),
  KLDivLoss: loss((options) => new nn.KLDivLoss(options), "KLDivLoss", {}, share),
  CosineEmbeddingLoss: (d) =>
    d
      .float([4, 3])
      .float([4, 3])
      .bools([4])
      .call(
        (a, b, y) => new nn.CosineEmbeddingLoss({ margin: 0.2 }).forward(a, b, T.cast(y, "int32").mul(2).sub(1)),
        "nn.CosineEmbeddingLoss(margin=0.2)(a, b, c.to(torch.int64) * 2 - 1)",
      ),
  TripletMarginLoss: (d) =>
    d
      .float([4, 3])
      .float([4, 3])
      .float([4, 3])
      .call(
        (a, b, c) => new nn.TripletMarginLoss({ margin: 0.7 }).forward(a, b, c),
        "nn.TripletMarginLoss(margin=0.7)(a, b, c)",
      ),
} satisfies Readonly<Record<string, Row>>;
