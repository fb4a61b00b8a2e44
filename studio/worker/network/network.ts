/**
 * The network of a project: folded, for all that looks at pictures and for what learns. Its classifier is the head, which is fitted on
 * features of the rest.
 */
import { noGrad } from "../../../src/autograd/tape.js";
import { globalAvgPool } from "../../../src/chapters/pooling.js";
import type { Image } from "../../../src/data/codecs/image.js";
import { normalize } from "../../../src/data/transforms/normalize.js";
import type { Classifier } from "../../../src/models/index.js";
import { FoldError, reparameterize } from "../../../src/models/index.js";
import type { Recipe } from "../../../src/models/recipe.js";
import { tensor } from "../../../src/tensor/create.js";
import { scope } from "../../../src/tensor/scope.js";
import type { BaseInfo } from "../../protocol.js";
import { Fault } from "../fault.js";
import type { Base } from "./base.js";

/** A classifier on features. */
export interface Head {
  /** [features, classes]. */
  readonly weight: Float32Array;
  /** [classes]. */
  readonly bias: Float32Array;
}

export class Network {
  readonly info: BaseInfo;
  readonly images: Recipe["images"];
  /** In evaluation mode. */
  readonly folded: Classifier;

  private constructor({ info, images }: Base, folded: Classifier) {
    this.info = info;
    this.images = images;
    this.folded = folded;
  }

  /** Takes the base's model. Throws a Fault for one that cannot be folded. */
  static async of(base: Base): Promise<Network> {
    const model = base.model.eval();
    if (model.isDeployed) return new Network(base, model);
    try {
      return new Network(base, (await reparameterize(model)).model);
    } catch (error) {
      throw error instanceof FoldError ? new Fault("model", error.summary, error.hint) : error;
    } finally {
      model.dispose();
    }
  }

  /** Numbers of a picture's features. */
  get featureCount(): number {
    return this.folded.classifier.weight.shape[0]!;
  }

  setHead({ weight, bias }: Head): void {
    if (this.folded.numClasses !== bias.length) this.folded.resetClassifier(bias.length);
    this.folded.classifier.weight.write(weight);
    this.folded.classifier.bias!.write(bias);
  }

  /** Squares [N] of the network's side -> features, [N, featureCount]. */
  async features(squares: readonly Image[]): Promise<Float32Array> {
    const values = scope(() => noGrad(() => globalAvgPool(this.folded.features(normalize(squares))).data()));
    return (await values) as Float32Array;
  }

  /** Features [N, featureCount] -> logits [N, classes]. */
  async logits(features: Float32Array, count: number): Promise<Float32Array> {
    const { classifier } = this.folded;
    const values = scope(() => noGrad(() => classifier.forward(tensor(features, [count, this.featureCount])).data()));
    return (await values) as Float32Array;
  }

  dispose(): void {
    this.folded.dispose();
  }
}
