/**
 * Multi-head attention (Vaswani et al. 2017; torch.nn.MultiheadAttention), with PyTorch's parameter names. Positions come
 * second, [N, L, E]: PyTorch's batch_first=True, which is its default nowhere and what vision models use.
 */
import * as F from "../ops/functional/index.js";
import { isFloat, newArray } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { expectOptions } from "./arguments.js";
import { initialTensor } from "./init.js";
import { affine, Linear } from "./linear.js";
import { Module } from "./module.js";
import type { LayerOptions } from "./parameter.js";
import { showNumbers } from "./repr.js";

/** The options of torch.nn.MultiheadAttention. */
export interface MultiheadAttentionOptions extends LayerOptions {
  /** Of the attention weights, in training. Default 0. */
  readonly dropout?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Whether inputs are [N, L, E], else [L, N, E]. Default true, where PyTorch has false. */
  readonly batchFirst?: boolean;
}

/** The masks of one call. */
export interface AttentionMasks {
  /** [L, S] or [N · heads, L, S]. Floats are added to the scores; of any other dtype, what is not 0 takes no part, as in torch.nn.MultiheadAttention. */
  readonly attnMask?: Tensor | null;
  /** `[N, S]`: floats are added, of any other dtype keys that are not 0 are left out. */
  readonly keyPaddingMask?: Tensor | null;
}

/** A mask as numbers to add to the scores. */
const asAdded = (mask: Tensor, like: Tensor): Tensor =>
  isFloat(mask.dtype) ? mask : F.cast(F.where(mask, Number.NEGATIVE_INFINITY, 0.0), like.dtype);

/**
 * Multi-head attention (Vaswani et al. 2017; torch.nn.MultiheadAttention): query [N, L, E], key and value [N, S, E] -> [N, L, E].
 *
 * @example
 * ```ts
 * const attention = new nn.MultiheadAttention(192, 3);
 * console.log(attention.forward(rand([2, 197, 192])).shape); // [2, 197, 192]
 * ```
 */
export class MultiheadAttention extends Module {
  /** Queries, keys and values side by side: [E, 3E]; [3E, E] in files. */
  readonly inProjWeight: Tensor;
  readonly inProjBias: Tensor | null;
  readonly outProj: Linear;
  readonly embedDim: number;
  readonly numHeads: number;
  readonly dropout: number;
  readonly batchFirst: boolean;

  /** Throws ShapeError where the heads do not divide the width. */
  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    expectOptions("MultiheadAttention", options, "new nn.MultiheadAttention(192, 3, { dropout: 0.1 })");
    if (!(numHeads >= 1) || embedDim % numHeads !== 0)
      throw new ShapeError(`MultiheadAttention: embedDim=${embedDim}, expected a multiple of numHeads=${numHeads}`);
    const { dropout = 0, bias = true, batchFirst = true } = options;
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    // xavier_uniform_: ±√(6 / (E + 3E)), the bound of a fan-in of a sixth of that
    const fanIn = (4 * embedDim) / 6;
    const shape = [embedDim, 3 * embedDim];
    this.inProjWeight = this.parameter(
      "in_proj_weight",
      "linearWeight",
      initialTensor("linearWeight", shape, options, fanIn),
      fanIn,
    );
    // within 1/√∞: zeros
    const noFan = Number.POSITIVE_INFINITY;
    this.inProjBias = bias
      ? this.parameter("in_proj_bias", "bias", initialTensor("bias", [3 * embedDim], options, noFan), noFan)
      : null;
    this.outProj = this.child("out_proj", new Linear(embedDim, embedDim, { ...options, bias }));
    const { bias: outBias } = this.outProj;
    outBias?.write(newArray(outBias.dtype, embedDim));
  }

  /** [N, L, E]; key and value default to the query: self-attention. Throws ShapeError for inputs and masks that do not fit. */
  forward(query: Tensor, key: Tensor = query, value: Tensor = key, masks: AttentionMasks = {}): Tensor {
    return scope(() => this.#attend(query, key, value, masks)[0]);
  }

  /** The output with the weights [N, L, S], averaged over the heads (need_weights=True). */
  forwardWithWeights(
    query: Tensor,
    key: Tensor = query,
    value: Tensor = key,
    masks: AttentionMasks = {},
  ): readonly [y: Tensor, weights: Tensor] {
    return scope(() => {
      const [y, weights] = this.#attend(query, key, value, masks);
      return [y, F.mean(weights, 1)] as const;
    });
  }

  /** The output, and the weights of each head [N, heads, L, S]. */
  #attend(query: Tensor, key: Tensor, value: Tensor, masks: AttentionMasks): readonly [y: Tensor, weights: Tensor] {
    for (const x of [query, key, value])
      if (x.rank !== 3 || x.shape[2] !== this.embedDim)
        throw new ShapeError(
          `MultiheadAttention: input ${showShape(x.shape)}, expected [N, L, ${this.embedDim}]`,
          x.rank === 2 ? "add an axis: x.reshape([1, ...x.shape])" : undefined,
        );
    const swap = (x: Tensor): Tensor => (this.batchFirst ? x : F.transpose(x, [1, 0, 2]));
    const [q, k, v] = this.#project(query, key, value, swap);
    const attnMask = this.#mask(masks, q, k.shape[2]!);
    const dropoutP = this.training ? this.dropout : 0;
    const [heads, weights] = F.attentionWithWeights(q, k, v, { attnMask, dropoutP });
    const [n, , l] = heads.shape as [number, number, number];
    const joined = F.reshape(F.transpose(heads, [0, 2, 1, 3]), [n, l, this.embedDim]);
    return [swap(this.outProj.forward(joined)), weights];
  }

  override extraRepr(): string {
    const { embedDim, numHeads, dropout, batchFirst } = this;
    return showNumbers({ embedDim, numHeads, dropout, batchFirst });
  }

  /** Queries, keys and values as [N, heads, L, E/heads]. */
  #project(query: Tensor, key: Tensor, value: Tensor, swap: (x: Tensor) => Tensor): [Tensor, Tensor, Tensor] {
    const [{ embedDim: width, numHeads: heads }, own] = [this, this.embedDim / this.numHeads];
    if (query === key && key === value) {
      const x = swap(query);
      const [n, l] = x.shape as [number, number];
      const all = affine(x, this.inProjWeight, this.inProjBias);
      // [N, L, 3, heads, E/heads] -> [3, N, heads, L, E/heads], whose first axis is cut without a copy
      const parts = F.transpose(F.reshape(all, [n, l, 3, heads, own]), [2, 0, 3, 1, 4]);
      const part = (i: number): Tensor => F.reshape(F.slice(parts, [i], [1]), [n, heads, l, own]);
      return [part(0), part(1), part(2)];
    }
    const project = (x: Tensor, i: number): Tensor => {
      const weight = F.slice(this.inProjWeight, [0, i * width], [width, width]);
      const bias = this.inProjBias && F.slice(this.inProjBias, [i * width], [width]);
      const y = affine(swap(x), weight, bias);
      const [n, l] = y.shape as [number, number];
      return F.transpose(F.reshape(y, [n, l, heads, own]), [0, 2, 1, 3]);
    };
    return [project(query, 0), project(key, 1), project(value, 2)];
  }

  /** Both masks as one to add to scores [N, heads, L, S]. */
  #mask({ attnMask, keyPaddingMask }: AttentionMasks, q: Tensor, keys: number): Tensor | null {
    const [n, heads, queries] = q.shape as [number, number, number];
    const all: Tensor[] = [];
    if (attnMask) {
      const isShared = attnMask.hasShape([queries, keys]);
      if (!isShared && !attnMask.hasShape([n * heads, queries, keys]))
        throw new ShapeError(
          `MultiheadAttention: attnMask ${showShape(attnMask.shape)}, expected [${queries}, ${keys}] or [${n * heads}, ${queries}, ${keys}]`,
        );
      all.push(F.reshape(asAdded(attnMask, q), isShared ? [1, 1, queries, keys] : [n, heads, queries, keys]));
    }
    if (keyPaddingMask) {
      if (!keyPaddingMask.hasShape([n, keys]))
        throw new ShapeError(
          `MultiheadAttention: keyPaddingMask ${showShape(keyPaddingMask.shape)}, expected [${n}, ${keys}]`,
        );
      all.push(F.reshape(asAdded(keyPaddingMask, q), [n, 1, 1, keys]));
    }
    return all.length > 0 ? all.reduce((a, b) => F.add(a, b)) : null;
  }
}
