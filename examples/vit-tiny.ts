/**
 * A vision transformer (Dosovitskiy et al. 2021) as torchvision 0.14 defines it, in the size that DeiT calls tiny: patches of 16 pixels, 12
 * layers of 3 heads, 192 wide. Names are torchvision's: `loadCheckpoint` reads its state dict. Images are [N, S, S, 3],
 * normalised as torchvision does.
 */
import { concat, nn, type Tensor, zeros } from "tensorone";

export interface VitOptions extends nn.LayerOptions {
  /** Side of the images, a multiple of the patches'. Default 224. */
  readonly imageSize?: number;
  /** Default 16. */
  readonly patchSize?: number;
  /** Default 12. */
  readonly numLayers?: number;
  /** Default 3. */
  readonly numHeads?: number;
  /** Default 192. */
  readonly hiddenDim?: number;
  /** Default 768. */
  readonly mlpDim?: number;
  /** Default 0. */
  readonly dropout?: number;
  /** Default 1000. */
  readonly numClasses?: number;
}

const EPS = 1e-6;

/** Attention, then two linear layers, each after a normalisation and added to its input: [N, L, E] -> the same. */
class EncoderBlock extends nn.Module {
  readonly ln1: nn.LayerNorm;
  readonly selfAttention: nn.MultiheadAttention;
  readonly dropout: nn.Dropout;
  readonly ln2: nn.LayerNorm;
  readonly mlp: nn.Sequential;

  constructor(width: number, numHeads: number, mlpDim: number, dropout: number, layer: nn.LayerOptions) {
    super();
    this.ln1 = this.child("ln_1", new nn.LayerNorm(width, { eps: EPS, ...layer }));
    this.selfAttention = this.child("self_attention", new nn.MultiheadAttention(width, numHeads, layer));
    this.dropout = new nn.Dropout(dropout);
    this.ln2 = this.child("ln_2", new nn.LayerNorm(width, { eps: EPS, ...layer }));
    this.mlp = new nn.Sequential(
      new nn.Linear(width, mlpDim, layer),
      new nn.GELU(),
      new nn.Dropout(dropout),
      new nn.Linear(mlpDim, width, layer),
      new nn.Dropout(dropout),
    );
  }

  forward(x: Tensor): Tensor {
    const attended = this.selfAttention.forward(this.ln1.forward(x));
    const y = this.dropout.forward(attended).add(x);
    return y.add(this.mlp.forward(this.ln2.forward(y)));
  }
}

/** Positions, the blocks, a last normalisation: [N, L, E] -> the same. */
class Encoder extends nn.Module {
  /** [1, L, E]. */
  readonly posEmbedding: Tensor;
  readonly dropout: nn.Dropout;
  readonly layers: nn.ModuleDict<EncoderBlock>;
  readonly ln: nn.LayerNorm;

  constructor(length: number, width: number, dropout: number, blocks: readonly EncoderBlock[], layer: nn.LayerOptions) {
    super();
    const positions = zeros([1, length, width], { dtype: layer.dtype ?? "float32" });
    this.posEmbedding = this.parameter("pos_embedding", "other", positions.keep());
    this.dropout = new nn.Dropout(dropout);
    this.layers = new nn.ModuleDict(blocks.map((block, i) => [`encoder_layer_${i}`, block] as const));
    this.ln = new nn.LayerNorm(width, { eps: EPS, ...layer });
  }

  forward(x: Tensor): Tensor {
    return this.ln.forward(nn.chain(this.layers.values(), this.dropout.forward(x.add(this.posEmbedding))));
  }
}

/** [N, S, S, 3] -> [N, numClasses]. */
export class VitTiny extends nn.Module {
  /** What the answer is read from: [1, 1, E]. */
  readonly classToken: Tensor;
  readonly convProj: nn.Conv2d;
  readonly encoder: Encoder;
  readonly heads: nn.ModuleDict<nn.Linear>;

  constructor({
    imageSize = 224,
    patchSize = 16,
    numLayers = 12,
    numHeads = 3,
    hiddenDim = 192,
    mlpDim = 768,
    dropout = 0,
    numClasses = 1000,
    ...layer
  }: VitOptions = {}) {
    super();
    const token = zeros([1, 1, hiddenDim], { dtype: layer.dtype ?? "float32" });
    this.classToken = this.parameter("class_token", "other", token.keep());
    const patches = { kernelSize: patchSize, stride: patchSize };
    this.convProj = this.child("conv_proj", new nn.Conv2d(3, hiddenDim, { ...patches, ...layer }));
    const blocks = Array.from(
      { length: numLayers },
      () => new EncoderBlock(hiddenDim, numHeads, mlpDim, dropout, layer),
    );
    this.encoder = new Encoder((imageSize / patchSize) ** 2 + 1, hiddenDim, dropout, blocks, layer);
    this.heads = new nn.ModuleDict({ head: new nn.Linear(hiddenDim, numClasses, layer) });
    if (layer.init !== "zeros") this.#start(blocks);
  }

  forward(images: Tensor): Tensor {
    const [n, width] = [images.shape[0]!, this.classToken.shape[2]!];
    const patches = this.convProj.forward(images).reshape([n, -1, width]); // [N, S/16, S/16, E] -> [N, L - 1, E]
    const encoded = this.encoder.forward(concat([this.classToken.expand([n, 1, width]), patches], 1));
    return this.heads.get("head").forward(encoded.select(1, 0));
  }

  /** torchvision's initial values. */
  #start(blocks: readonly EncoderBlock[]): void {
    const { convProj, heads, encoder } = this;
    const [kh, kw, channels] = convProj.weight.shape;
    nn.init.truncNormal(convProj.weight, 0, Math.sqrt(1 / (kh! * kw! * channels!)));
    nn.init.normal(encoder.posEmbedding, 0, 0.02);
    for (const { bias } of [convProj, heads.get("head")]) if (bias) nn.init.zeros(bias);
    nn.init.zeros(heads.get("head").weight);
    for (const layer of blocks.flatMap(({ mlp }) => mlp.modules)) {
      if (!(layer instanceof nn.Linear)) continue;
      nn.init.xavierUniform(layer.weight);
      if (layer.bias) nn.init.normal(layer.bias, 0, 1e-6);
    }
  }
}
