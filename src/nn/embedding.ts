/**
 * A table of vectors, looked up by number (torch.nn.Embedding).
 */
import { gather } from "../chapters/indexing.js";
import * as F from "../ops/functional/index.js";
import { isFloat } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { DTypeError, UsageError } from "../util/errors.js";
import { expectCount, expectOptions } from "./arguments.js";
import { initialArray } from "./init.js";
import { Module } from "./module.js";
import { type LayerOptions, persistent } from "./parameter.js";
import { showNumbers } from "./repr.js";

/** Which entry of a table stands for no entry. */
export interface EmbeddingOptions extends LayerOptions {
  /** Starts as zeros and gets no gradient; negative ones count from the end. Default: none. */
  readonly paddingIdx?: number;
}

/**
 * A table of vectors, looked up by number (torch.nn.Embedding): integers [...] in 0 … numEmbeddings−1 -> [..., embeddingDim].
 * Entries start standard normal. Throws UsageError for counts that are none and a paddingIdx outside.
 *
 * @example
 * ```ts
 * const words = new nn.Embedding(100, 16, { paddingIdx: 0 });
 * console.log(words.forward(tensor(Int32Array.of(7, 3, 0))).shape); // [3, 16]
 * ```
 */
export class Embedding extends Module {
  /** [numEmbeddings, embeddingDim]. */
  readonly weight: Tensor;
  readonly paddingIdx: number | null;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    expectOptions("Embedding", options, `new nn.Embedding(${numEmbeddings}, ${embeddingDim}, { paddingIdx: 0 })`);
    expectCount("Embedding", "numEmbeddings", numEmbeddings);
    expectCount("Embedding", "embeddingDim", embeddingDim);
    const { paddingIdx = null } = options;
    if (
      paddingIdx !== null &&
      !(Number.isInteger(paddingIdx) && paddingIdx >= -numEmbeddings && paddingIdx < numEmbeddings)
    )
      throw new UsageError(
        `Embedding: paddingIdx is ${paddingIdx}, expected ${-numEmbeddings} to ${numEmbeddings - 1}`,
      );
    this.paddingIdx = paddingIdx !== null && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    const shape = [numEmbeddings, embeddingDim];
    const values = initialArray("embedding", shape, options);
    const padding = this.paddingIdx;
    if (padding !== null) values.fill(0, padding * embeddingDim, (padding + 1) * embeddingDim);
    this.weight = this.parameter("weight", "embedding", persistent(shape, options.dtype ?? "float32", values));
  }

  forward(indices: Tensor): Tensor {
    if (isFloat(indices.dtype))
      throw new DTypeError(
        `Embedding: indices are ${indices.dtype}, expected integers`,
        "tensor(Int32Array.from(indices))",
      );
    return scope(() => {
      const rows = gather(this.weight, F.cast(indices, "int32"));
      if (this.paddingIdx === null) return rows;
      const isPadding = F.reshape(F.equal(indices, this.paddingIdx), [...indices.shape, 1]);
      // the same values on both sides; the gradient goes to one
      return F.where(isPadding, rows.detach(), rows);
    });
  }

  override extraRepr(): string {
    const [entries, dim] = this.weight.shape;
    return [
      `${entries}, ${dim}`,
      ...(this.paddingIdx === null ? [] : [showNumbers({ paddingIdx: this.paddingIdx })]),
    ].join(", ");
  }
}
