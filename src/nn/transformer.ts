/**
 * The encoder layer of a transformer (Vaswani et al. 2017; torch.nn.TransformerEncoderLayer), with PyTorch's parameter names.
 */
import { gelu } from "../chapters/activations.js";
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { expectOptions } from "./arguments.js";
import { type AttentionMasks, MultiheadAttention } from "./attention.js";
import { LayerNorm } from "./layer-norm.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";
import type { LayerOptions } from "./parameter.js";

/** The options of torch.nn.TransformerEncoderLayer. */
export interface TransformerEncoderLayerOptions extends LayerOptions {
  /** Width between the two linear layers. Default 2048. */
  readonly dimFeedforward?: number;
  /** Of attention weights, of the inner activations and of both branches, in training. Default 0.1. */
  readonly dropout?: number;
  /** Default "relu". */
  readonly activation?: "relu" | "gelu" | ((x: Tensor) => Tensor);
  /** Default 1e-5. */
  readonly layerNormEps?: number;
  /** Whether inputs are [N, L, E], else [L, N, E]. Default true, where PyTorch has false. */
  readonly batchFirst?: boolean;
  /** Whether a branch normalises what it takes instead of the sum that it ends in; vision transformers do. Default false. */
  readonly normFirst?: boolean;
}

const activations = { relu: F.relu, gelu: (x: Tensor): Tensor => gelu(x) } as const;

/**
 * Self-attention, then two linear layers, each added to what it was given and normalised (Vaswani et al. 2017;
 * torch.nn.TransformerEncoderLayer): [N, L, E] -> the same.
 *
 * @example
 * ```ts
 * const layer = new nn.TransformerEncoderLayer(64, 4, { dimFeedforward: 128, normFirst: true });
 * console.log(layer.forward(rand([2, 10, 64])).shape); // [2, 10, 64]
 * ```
 */
export class TransformerEncoderLayer extends Module {
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly activation: (x: Tensor) => Tensor;
  readonly dropout: number;
  readonly normFirst: boolean;

  /** Throws ShapeError where the heads do not divide the width. */
  constructor(dModel: number, nhead: number, options: TransformerEncoderLayerOptions = {}) {
    super();
    expectOptions("TransformerEncoderLayer", options, "new nn.TransformerEncoderLayer(64, 4, { dropout: 0 })");
    const { dimFeedforward = 2048, dropout = 0.1, activation = "relu", layerNormEps: eps = 1e-5 } = options;
    const { normFirst = false, batchFirst = true, dtype = "float32", init = "random" } = options;
    const layer: LayerOptions = { dtype, init };
    this.activation = typeof activation === "function" ? activation : activations[activation];
    this.dropout = dropout;
    this.normFirst = normFirst;
    this.selfAttn = this.child("self_attn", new MultiheadAttention(dModel, nhead, { ...layer, dropout, batchFirst }));
    this.linear1 = this.child("linear1", new Linear(dModel, dimFeedforward, layer));
    this.linear2 = this.child("linear2", new Linear(dimFeedforward, dModel, layer));
    this.norm1 = this.child("norm1", new LayerNorm(dModel, { ...layer, eps }));
    this.norm2 = this.child("norm2", new LayerNorm(dModel, { ...layer, eps }));
  }

  /** [N, L, E] -> the same; masks as MultiheadAttention has them. */
  forward(x: Tensor, masks: AttentionMasks = {}): Tensor {
    return scope(() => {
      const attended = (y: Tensor): Tensor => this.#dropped(this.selfAttn.forward(y, y, y, masks));
      const fed = (y: Tensor): Tensor =>
        this.#dropped(this.linear2.forward(this.#dropped(this.activation(this.linear1.forward(y)))));
      if (this.normFirst) {
        const y = F.add(x, attended(this.norm1.forward(x)));
        return F.add(y, fed(this.norm2.forward(y)));
      }
      const y = this.norm1.forward(F.add(x, attended(x)));
      return this.norm2.forward(F.add(y, fed(y)));
    });
  }

  #dropped(x: Tensor): Tensor {
    return F.dropout(x, this.dropout, this.training);
  }
}
