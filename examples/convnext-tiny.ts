/**
 * ConvNeXt-tiny (Liu et al. 2022) as torchvision 0.14 defines it, with its names: `loadCheckpoint` reads its state dict.
 * Images are [N, H, W, 3], normalised as torchvision does. Channels lie last here, so that its permutes have nothing to do.
 */
import { full, nn, type Tensor } from "tensorone";

/** Channels and blocks of the four stages. */
const stages = [
  [96, 3],
  [192, 3],
  [384, 9],
  [768, 3],
] as const;
const EPS = 1e-6;

export interface ConvNeXtOptions extends nn.LayerOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Of the last block; earlier ones are left out less often. Default 0.1. */
  readonly stochasticDepthProb?: number;
  /** What branches start with. Default 1e-6. */
  readonly layerScale?: number;
}

/** A depthwise 7×7 convolution and two linear layers, added to their input. */
class Block extends nn.Module {
  readonly block: nn.Sequential;
  /** [C, 1, 1], as files have it. */
  readonly layerScale: Tensor;
  readonly stochasticDepth: nn.DropPath;

  constructor(width: number, layerScale: number, probability: number, layer: nn.LayerOptions) {
    super();
    this.block = new nn.Sequential(
      new nn.Conv2d(width, width, { kernelSize: 7, padding: 3, groups: width, ...layer }),
      new nn.Identity(), // files count a permute
      new nn.LayerNorm(width, { eps: EPS, ...layer }),
      new nn.Linear(width, 4 * width, layer),
      new nn.GELU(),
      new nn.Linear(4 * width, width, layer),
      new nn.Identity(),
    );
    const scale = full([width, 1, 1], layerScale, { dtype: layer.dtype ?? "float32" });
    this.layerScale = this.parameter("layer_scale", "other", scale.keep());
    this.stochasticDepth = this.child("stochastic_depth", new nn.DropPath(probability));
  }

  forward(x: Tensor): Tensor {
    const branch = this.block.forward(x).mul(this.layerScale.reshape([x.shape[3]!]));
    return this.stochasticDepth.forward(branch).add(x);
  }
}

/** [N, H, W, 3] -> [N, numClasses]. */
export class ConvNeXtTiny extends nn.Module {
  readonly features: nn.Sequential;
  readonly classifier: nn.Sequential;

  constructor({ numClasses = 1000, stochasticDepthProb = 0.1, layerScale = 1e-6, ...layer }: ConvNeXtOptions = {}) {
    super();
    const norm = (width: number) => new nn.LayerNorm(width, { eps: EPS, ...layer });
    const blockCount = stages.reduce((sum, [, count]) => sum + count, 0);
    const parts: nn.Module[] = [];
    let before = 3;
    let block = 0;
    for (const [width, count] of stages) {
      // the stem takes patches of 4×4, later stages halve the image
      parts.push(
        before === 3
          ? new nn.Sequential(new nn.Conv2d(3, width, { kernelSize: 4, stride: 4, ...layer }), norm(width))
          : new nn.Sequential(norm(before), new nn.Conv2d(before, width, { kernelSize: 2, stride: 2, ...layer })),
      );
      const probability = () => (stochasticDepthProb * block++) / (blockCount - 1);
      const blocks = Array.from({ length: count }, () => new Block(width, layerScale, probability(), layer));
      parts.push(new nn.Sequential(...blocks));
      before = width;
    }
    this.features = new nn.Sequential(...parts);
    this.classifier = new nn.Sequential(norm(before), new nn.Flatten(), new nn.Linear(before, numClasses, layer));
    if (layer.init !== "zeros") this.apply(start);
  }

  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x).mean([1, 2]));
  }
}

/** torchvision's initial values. */
function start(module: nn.Module<unknown>): void {
  if (!(module instanceof nn.Conv2d || module instanceof nn.Linear)) return;
  nn.init.truncNormal(module.weight, 0, 0.02);
  if (module.bias) nn.init.zeros(module.bias);
}
