/** Layers with parameters that are operands, so that their gradients are compared as well. */
import * as T from "../../../src/index.js";
import type { Row } from "../case.js";
import { type Draw, keywords, python } from "../draw.js";
import { given } from "./products.js";

const { nn } = T;
type Pair = [number, number];

/** The dtype of the case; parameters are replaced, so that their initial values do not matter. */
export const like = (x: T.Tensor) => ({ dtype: x.dtype as T.nn.FloatDType, init: "zeros" as const });

/** The layer with these tensors under its names. */
export function holding<L extends T.nn.Module<unknown>>(
  layer: L,
  tensors: Readonly<Record<string, T.Tensor | undefined>>,
): L {
  for (const [path, tensor] of Object.entries(tensors)) {
    if (!tensor) continue;
    const names = path.split(".");
    const owner = names
      .slice(0, -1)
      .reduce((at, name) => at[name] as Record<string, unknown>, layer as unknown as Record<string, unknown>);
    owner[names.at(-1)!] = tensor;
  }
  return layer;
}

/** Weight and bias of a convolution, and the case's image or sequence before them. */
function convolution(d: Draw, spatial: number[], kernel: number[], isTransposed: boolean) {
  const groups = d.pick(1, 1, 2);
  const [inputs, outputs] = [d.int(1, 3), d.int(1, 3)];
  d.float([d.int(1, 2), ...spatial, inputs * groups]);
  d.float([...kernel, ...(isTransposed ? [outputs, inputs * groups] : [inputs, outputs * groups])]);
  const hasBias = d.chance();
  if (hasBias) d.float([outputs * groups]);
  return { groups, inputs: inputs * groups, outputs: outputs * groups, hasBias, bias: hasBias ? "c" : "None" };
}

/** The norm's own input: at least two numbers a channel. */
const channelsLast = (d: Draw, channels: number): number[] => [d.int(2, 3), d.int(1, 4), d.int(1, 4), channels];

const batchNorm =
  (make: (channels: number, options: object) => T.nn.BatchNorm2d, isFlat: boolean): Row =>
  (d) => {
    const c = d.int(1, 5);
    const shape = isFlat ? [d.int(2, 6), ...(d.chance() ? [d.int(1, 5)] : []), c] : channelsLast(d, c);
    const options = { eps: d.pick(1e-5, 0.1), momentum: d.pick(0.1, 0.5) };
    const isTraining = d.chance(0.7);
    d.float(shape).float([c]).float([c]).fixed([c]).fixed([c], { low: 0.1, high: 2 });
    const statistics = isTraining
      ? `batch_norm(nchw(a), b, c, d, e, ${options.momentum}, ${options.eps})`
      : `(F.batch_norm(nchw(a), d, e, b, c, False, 0, ${options.eps}), d, e)`;
    return d.call((x, weight, bias, runningMean, runningVar) => {
      const layer = holding(make(c, { ...options, ...like(x) }).train(isTraining), {
        weight,
        bias,
        runningMean,
        runningVar,
      });
      return [layer.forward(x), layer.runningMean, layer.runningVar];
    }, `(lambda y: (nhwc(y[0]), y[1], y[2]))(${statistics})`);
  };

export const layers = {
  Linear: (d) => {
    const [from, to] = [d.int(1, 9), d.int(1, 9)];
    d.float([...d.shape(0, 2), from]).float([from, to]);
    const hasBias = d.chance();
    if (hasBias) d.float([to]);
    return d.call(
      (x, weight, bias) => holding(new nn.Linear(from, to, { bias: hasBias, ...like(x) }), { weight, bias }).forward(x),
      `F.linear(a, b.T, ${hasBias ? "c" : "None"})`,
    );
  },
  Conv2d: (d) => {
    const kernel: Pair = [d.int(1, 3), d.int(1, 3)];
    const { groups, inputs, outputs, hasBias, bias } = convolution(d, [d.int(4, 8), d.int(4, 8)], kernel, false);
    const options = {
      stride: d.option(2),
      dilation: d.option(2),
      padding: d.pick<number | Pair>(0, 1, [2, 1]),
      groups,
    };
    const paddingMode = d.pick("zeros", "reflect", "replicate", "circular");
    const padding = typeof options.padding === "number" ? [options.padding, options.padding] : options.padding;
    const [h, w] = padding as Pair;
    const before = `F.pad(nchw(a), ${python([w, w, h, h])}, mode="${paddingMode === "zeros" ? "constant" : paddingMode}")`;
    return d.call(
      (x, weight, own) =>
        holding(
          new nn.Conv2d(inputs, outputs, {
            kernelSize: kernel,
            bias: hasBias,
            paddingMode,
            ...given(options),
            ...like(x),
          }),
          {
            weight,
            bias: own,
          },
        ).forward(x),
      `nhwc(F.conv2d(${before}, oihw(b), ${bias}, ${keywords({ ...options, padding: undefined })}))`,
    );
  },
  Conv1d: (d) => {
    const kernel = d.int(1, 3);
    const { groups, inputs, outputs, hasBias, bias } = convolution(d, [d.int(5, 9)], [kernel], false);
    const options = { stride: d.option(2), dilation: d.option(2), padding: d.option(1), groups };
    return d.call(
      (x, weight, own) =>
        holding(new nn.Conv1d(inputs, outputs, { kernelSize: kernel, bias: hasBias, ...given(options), ...like(x) }), {
          weight,
          bias: own,
        }).forward(x),
      `nhwc(F.conv1d(nchw(a), oihw(b), ${bias}, ${keywords(options)}))`,
    );
  },
  ConvTranspose2d: (d) => {
    const kernel: Pair = [d.int(2, 3), d.int(2, 4)];
    const { groups, inputs, outputs, hasBias, bias } = convolution(d, [d.int(2, 5), d.int(2, 5)], kernel, true);
    const options = { stride: d.option(2), dilation: d.option(2), padding: d.option(1), groups };
    return d.call(
      (x, weight, own) =>
        holding(
          new nn.ConvTranspose2d(inputs, outputs, { kernelSize: kernel, bias: hasBias, ...given(options), ...like(x) }),
          {
            weight,
            bias: own,
          },
        ).forward(x),
      `nhwc(F.conv_transpose2d(nchw(a), oihw(b), ${bias}, ${keywords(options)}))`,
    );
  },
  ConvTranspose1d: (d) => {
    const kernel = d.int(2, 4);
    const { groups, inputs, outputs, hasBias, bias } = convolution(d, [d.int(2, 6)], [kernel], true);
    const options = { stride: 2, outputPadding: d.option(1), padding: d.option(1), groups };
    return d.call(
      (x, weight, own) =>
        holding(
          new nn.ConvTranspose1d(inputs, outputs, { kernelSize: kernel, bias: hasBias, ...given(options), ...like(x) }),
          {
            weight,
            bias: own,
          },
        ).forward(x),
      `nhwc(F.conv_transpose1d(nchw(a), oihw(b), ${bias}, ${keywords(options)}))`,
    );
  },
  BatchNorm2d: batchNorm((channels, options) => new nn.BatchNorm2d(channels, options), false),
  BatchNorm1d: batchNorm((channels, options) => new nn.BatchNorm1d(channels, options), true),
  "BatchNorm2d without parameters and averages": (d) => {
    const c = d.int(1, 5);
    return d
      .float(channelsLast(d, c))
      .call(
        (x) => new nn.BatchNorm2d(c, { affine: false, trackRunningStats: false, ...like(x) }).eval().forward(x),
        "nhwc(F.batch_norm(nchw(a), None, None, None, None, True))",
      );
  },
  "LayerNorm without parameters": (d) => {
    const shape = d.shape(1, 4, 2);
    const width = shape.at(-1)!;
    return d
      .float(shape)
      .call(
        (x) => new nn.LayerNorm(width, { elementwiseAffine: false, ...like(x) }).forward(x),
        `F.layer_norm(a, (${width},))`,
      );
  },
  LayerNorm: (d) => {
    const shape = d.shape(1, 4, 2);
    const axes = shape.slice(-d.int(1, shape.length));
    return d
      .float(shape)
      .float(axes)
      .float(axes)
      .call(
        (x, weight, bias) => holding(new nn.LayerNorm(axes, like(x)), { weight, bias }).forward(x),
        `F.layer_norm(a, ${python(axes)}, b, c)`,
      );
  },
  GroupNorm: (d) => {
    const groups = d.int(1, 3);
    const c = groups * d.int(1, 3);
    return d
      .float(channelsLast(d, c))
      .float([c])
      .float([c])
      .call(
        (x, weight, bias) => holding(new nn.GroupNorm(groups, c, like(x)), { weight, bias }).forward(x),
        `nhwc(F.group_norm(nchw(a), ${groups}, b, c))`,
      );
  },
  InstanceNorm2d: (d) => {
    const c = d.int(1, 4);
    return d
      .float([d.int(1, 3), d.int(2, 4), d.int(1, 4), c])
      .call((x) => new nn.InstanceNorm2d(c, like(x)).forward(x), "nhwc(F.instance_norm(nchw(a)))");
  },
  Embedding: (d) => {
    const [n, width] = [d.int(1, 7), d.int(1, 5)];
    const paddingIdx = d.chance(0.4) ? d.int(-n, n - 1) : undefined;
    return d
      .integers(d.shape(0, 2), 0, n - 1)
      .float([n, width])
      .call(
        (x, weight) =>
          holding(new nn.Embedding(n, width, { ...given({ paddingIdx }), ...like(weight) }), { weight }).forward(x),
        `F.embedding(a, b, ${keywords({ paddingIdx })})`,
      );
  },
  PReLU: (d) => {
    const shape = d.shape(2, 4, 1);
    const c = d.chance() ? 1 : shape.at(-1)!;
    return d
      .float(shape)
      .float([c])
      .call(
        (x, weight) => holding(new nn.PReLU(c, { dtype: like(x).dtype }), { weight }).forward(x),
        "torch.where(a > 0, a, a * b)",
      );
  },
  SqueezeExcite: (d) => {
    const c = d.pick(8, 16);
    return d
      .float([d.int(1, 2), d.int(1, 4), d.int(1, 4), c])
      .float([1, 1, c, 8])
      .float([8])
      .float([1, 1, 8, c])
      .float([c])
      .call(
        (x, w1, b1, w2, b2) =>
          holding(new nn.SqueezeExcite(c, { ratio: 4, ...like(x) }), {
            "reduce.weight": w1,
            "reduce.bias": b1,
            "expand.weight": w2,
            "expand.bias": b2,
          }).forward(x),
        "a * torch.sigmoid(F.relu(a.mean((1, 2), keepdim=True) @ b[0, 0] + c) @ d[0, 0] + e)",
      );
  },
  Sequential: (d) =>
    d
      .float([d.int(1, 4), 3])
      .float([3, 5])
      .float([5])
      .call(
        (x, weight, bias) =>
          new nn.Sequential(
            holding(new nn.Linear(3, 5, like(x)), { weight, bias }),
            new nn.Tanh(),
            new nn.Identity(),
          ).forward(x),
        "torch.tanh(F.linear(a, b.T, c))",
      ),
} satisfies Readonly<Record<string, Row>>;
