/**
 * From a decoded batch to the tensors a model eats. Host only; the pixels are normalised by a table of 256 values a channel.
 */
import type { Batch } from "../data/loader.js";
import { imagenetMean, imagenetStd, normalizeInto } from "../data/normalize.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";

/** images float32 [N, H, W, 3] and labels int32 [N]; the scratch array is kept between batches of one size. */
export class BatchInput {
  #pixels = new Float32Array(0);

  tensors(batch: Batch): { readonly images: Tensor; readonly labels: Tensor } {
    const { size, height, width } = batch;
    const length = size * height * width * 3;
    if (this.#pixels.length !== length) this.#pixels = new Float32Array(length);
    normalizeInto(batch.images, this.#pixels, imagenetMean, imagenetStd);
    return { images: tensor(this.#pixels, [size, height, width, 3]), labels: tensor(batch.labels, [size]) };
  }
}
