/**
 * The running statistics of one replica, kept while others compute on the same model. Each replica of the reference has its
 * own, which drift apart; training never reads them, and those of replica 0 are validated and saved (docs/recipe.md 5.5).
 */
import { compile } from "../../compile/compile.js";
import type { Module } from "../../nn/module.js";
import { update } from "../../ops/apply.js";
import { allocate } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";

export class KeptStatistics {
  readonly #pairs: readonly { readonly live: Tensor; readonly kept: Tensor }[];

  constructor(model: Module) {
    this.#pairs = [...model.namedBuffers().values()].map((live) => ({
      live,
      kept: allocate(live.shape, live.dtype, live.backend).keep(),
    }));
  }

  /** Copies them out of the model. */
  readonly keep = compile(() => {
    for (const { live, kept } of this.#pairs) update("assign", [kept, live], {});
    return undefined;
  });

  /** Copies them back. */
  restore(): void {
    for (const { live, kept } of this.#pairs) update("assign", [live, kept], {});
  }
}
