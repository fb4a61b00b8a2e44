/**
 * MobileNetV3-small (Howard et al. 2019) as torchvision 0.14 defines it, with its names: `loadCheckpoint` reads its state dict.
 * Images are [N, H, W, 3], normalised as torchvision does.
 */
import { nn, type Tensor } from "tensorone";

type Activation = "ReLU" | "Hardswish";

/** kernel, channels in, inside and out, squeeze-and-excitation, activation, stride: table 2 of the paper. */
type Row = readonly [number, number, number, number, boolean, Activation, number];

const rows: readonly Row[] = [
  [3, 16, 16, 16, true, "ReLU", 2],
  [3, 16, 72, 24, false, "ReLU", 2],
  [3, 24, 88, 24, false, "ReLU", 1],
  [5, 24, 96, 40, true, "Hardswish", 2],
  [5, 40, 240, 40, true, "Hardswish", 1],
  [5, 40, 240, 40, true, "Hardswish", 1],
  [5, 40, 120, 48, true, "Hardswish", 1],
  [5, 48, 144, 48, true, "Hardswish", 1],
  [5, 48, 288, 96, true, "Hardswish", 2],
  [5, 96, 576, 96, true, "Hardswish", 1],
  [5, 96, 576, 96, true, "Hardswish", 1],
];
const LAST_CONV = 576;
const LAST_LINEAR = 1024;

export interface MobileNetOptions extends nn.LayerOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Before the last layer. Default 0.2. */
  readonly dropout?: number;
}

interface Window {
  readonly kernelSize?: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly activation?: Activation;
}

/** A convolution that keeps the size, but for its stride, its batch norm and what follows. */
function convNorm(cIn: number, cOut: number, window: Window, layer: nn.LayerOptions): nn.Sequential {
  const { kernelSize = 1, stride = 1, groups = 1, activation } = window;
  const padding = (kernelSize - 1) / 2;
  return new nn.Sequential(
    new nn.Conv2d(cIn, cOut, { kernelSize, stride, padding, groups, bias: false, ...layer }),
    new nn.BatchNorm2d(cOut, { eps: 1e-3, momentum: 0.01, ...layer }),
    ...(activation ? [new nn[activation]()] : []),
  );
}

/** To the nearest multiple of 8, and not below nine tenths. */
function divisible(width: number): number {
  const rounded = Math.max(8, Math.floor((width + 4) / 8) * 8);
  return rounded < 0.9 * width ? rounded + 8 : rounded;
}

/** Channels weighed by a gate that sees the whole image. */
class SqueezeExcitation extends nn.Module {
  readonly fc1: nn.Conv2d;
  readonly fc2: nn.Conv2d;

  constructor(channels: number, layer: nn.LayerOptions) {
    super();
    const width = divisible(Math.floor(channels / 4));
    this.fc1 = new nn.Conv2d(channels, width, { kernelSize: 1, ...layer });
    this.fc2 = new nn.Conv2d(width, channels, { kernelSize: 1, ...layer });
  }

  forward(x: Tensor): Tensor {
    const squeezed = x.mean([1, 2], { keepDims: true }); // [N, H, W, C] -> [N, 1, 1, C]
    return x.mul(this.fc2.forward(this.fc1.forward(squeezed).relu()).hardsigmoid());
  }
}

/** Wider by a 1×1 convolution, a depthwise one, narrower again; a shortcut where the shape stays. */
class InvertedResidual extends nn.Module {
  readonly block: nn.Sequential;
  readonly hasShortcut: boolean;

  constructor([kernelSize, cIn, inside, cOut, isGated, activation, stride]: Row, layer: nn.LayerOptions) {
    super();
    this.hasShortcut = stride === 1 && cIn === cOut;
    this.block = new nn.Sequential(
      ...(inside === cIn ? [] : [convNorm(cIn, inside, { activation }, layer)]),
      convNorm(inside, inside, { kernelSize, stride, groups: inside, activation }, layer),
      ...(isGated ? [new SqueezeExcitation(inside, layer)] : []),
      convNorm(inside, cOut, {}, layer),
    );
  }

  forward(x: Tensor): Tensor {
    const y = this.block.forward(x);
    return this.hasShortcut ? y.add(x) : y;
  }
}

/** [N, H, W, 3] -> [N, numClasses]. */
export class MobileNetV3Small extends nn.Module {
  readonly features: nn.Sequential;
  readonly classifier: nn.Sequential;

  constructor({ numClasses = 1000, dropout = 0.2, ...layer }: MobileNetOptions = {}) {
    super();
    this.features = new nn.Sequential(
      convNorm(3, rows[0]![1], { kernelSize: 3, stride: 2, activation: "Hardswish" }, layer),
      ...rows.map((row) => new InvertedResidual(row, layer)),
      convNorm(rows.at(-1)![3], LAST_CONV, { activation: "Hardswish" }, layer),
    );
    this.classifier = new nn.Sequential(
      new nn.Linear(LAST_CONV, LAST_LINEAR, layer),
      new nn.Hardswish(),
      new nn.Dropout(dropout),
      new nn.Linear(LAST_LINEAR, numClasses, layer),
    );
    if (layer.init !== "zeros") this.apply(start);
  }

  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x).mean([1, 2]));
  }
}

/** torchvision's initial values. */
function start(module: nn.Module<unknown>): void {
  if (module instanceof nn.Conv2d) nn.init.kaimingNormal(module.weight, { mode: "fanOut" });
  if (module instanceof nn.Linear) nn.init.normal(module.weight, 0, 0.01);
  if ((module instanceof nn.Conv2d || module instanceof nn.Linear) && module.bias) nn.init.zeros(module.bias);
}
