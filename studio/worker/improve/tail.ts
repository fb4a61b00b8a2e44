/** The part of a network that learns: its blocks from one on, and the classifier. */
import { globalAvgPool, nn, scope, type Tensor } from "tensorone";
import type { Block, Classifier } from "../../../src/models/index.js";

/** [N, h, w, C] of the frozen part, or pictures [N, H, W, 3] where nothing is frozen -> logits [N, classes]. Owned by the model. */
export class Tail extends nn.Module {
  readonly blocks: readonly Block[];
  readonly classifier: Classifier["classifier"];

  constructor(model: Classifier, frozen: number) {
    super();
    this.blocks = model.blocks.slice(frozen);
    this.classifier = model.classifier;
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(globalAvgPool(nn.chain(this.blocks, x))));
  }
}
