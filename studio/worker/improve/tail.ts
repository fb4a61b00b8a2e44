/** The part of a network that learns: its blocks from one on, and the classifier. */
import { globalAvgPool } from "../../../src/chapters/pooling.js";
import type { Block, Classifier } from "../../../src/models/index.js";
import { Module } from "../../../src/nn/module.js";
import { chain } from "../../../src/nn/sequential.js";
import { scope } from "../../../src/tensor/scope.js";
import type { Tensor } from "../../../src/tensor/tensor.js";

/** [N, h, w, C] of the frozen part, or pictures [N, H, W, 3] where nothing is frozen -> logits [N, classes]. Owned by the model. */
export class Tail extends Module {
  readonly blocks: readonly Block[];
  readonly classifier: Classifier["classifier"];

  constructor(model: Classifier, frozen: number) {
    super();
    this.blocks = model.blocks.slice(frozen);
    this.classifier = model.classifier;
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(globalAvgPool(chain(this.blocks, x))));
  }
}
