/**
 * From a decoded batch to the tensors a model eats; pixels are normalised by a table of 256 values a channel, on the device
 * where the backend has one, else on the host.
 */
import type { Batch } from "../../data/reading/batch.js";
import { normalizationTable, normalizeInto } from "../../data/transforms/normalize.js";
import { allocate, tensor } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";

/** images float32 [N, H, W, 3] and labels int32 [N]; the scratch array is kept between batches of one size. */
export class BatchInput {
  #pixels = new Float32Array(0);
  readonly #table = normalizationTable();

  tensors(batch: Batch): { readonly images: Tensor; readonly labels: Tensor } {
    return { images: this.#images(batch), labels: tensor(batch.labels, [batch.size]) };
  }

  #images({ images, size, height, width }: Batch): Tensor {
    const result = allocate([size, height, width, 3], "float32");
    const { backend, allocation } = result.storage;
    if (backend.writeBytes) {
      backend.writeBytes(allocation, images, this.#table);
      return result;
    }
    if (this.#pixels.length !== result.size) this.#pixels = new Float32Array(result.size);
    return result.write(normalizeInto(images, this.#pixels));
  }
}
