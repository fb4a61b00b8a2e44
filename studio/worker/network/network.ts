/**
 * The network of a project in the forms that it is needed in: folded, for all that looks at pictures; in training form from the first
 * improvement on. Its classifier is the head, which is fitted on features of the folded form.
 */
import { globalAvgPool, models, noGrad, normalize, scope, tensor } from "tensorone";
import type { Image } from "../../../src/data/codecs/image.js";
import type { Classifier } from "../../../src/models/index.js";
import type { Recipe } from "../../../src/models/recipe.js";
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

function setHead(model: Classifier, { weight, bias }: Head): void {
  if (model.numClasses !== bias.length) model.resetClassifier(bias.length);
  model.classifier.weight.write(weight);
  model.classifier.bias!.write(bias);
}

export class Network {
  readonly info: BaseInfo;
  readonly images: Recipe["images"];
  #folded: Classifier;
  #training: Classifier | null;

  private constructor(base: Base, folded: Classifier, training: Classifier | null) {
    this.info = base.info;
    this.images = base.images;
    this.#folded = folded;
    this.#training = training;
  }

  /** Takes the base's model. Throws FoldError for one that cannot be folded. */
  static async of(base: Base): Promise<Network> {
    const model = base.model.eval();
    if (model.isDeployed) return new Network(base, model, null);
    return new Network(base, (await models.reparameterize(model)).model, model);
  }

  /** In evaluation mode. */
  get folded(): Classifier {
    return this.#folded;
  }

  /** The training form where there is one, else the folded: what is saved and delivered. */
  get whole(): Classifier {
    return this.#training ?? this.#folded;
  }

  /** Numbers of a picture's features. */
  get featureCount(): number {
    return this.#folded.classifier.weight.shape[0]!;
  }

  /**
   * The training form, made from the folded one on the first call: batch norms take their statistics from `squares`, pictures as the
   * network sees them. Throws a Fault for a family that has no way back.
   */
  async trainingForm(squares: readonly Image[]): Promise<Classifier> {
    if (this.#training) return this.#training;
    const probe = normalize(squares);
    try {
      this.#training = (await models.unfold(this.#folded, probe)).eval();
    } catch (error) {
      if (!(error instanceof models.FoldError)) throw error;
      throw new Fault("model", error.summary, "only the classifier can be trained on this base");
    } finally {
      probe.dispose();
    }
    return this.#training;
  }

  /** After the training form has learnt: folds it again. */
  async refold(): Promise<void> {
    if (!this.#training) return;
    const { model } = await models.reparameterize(this.#training.eval());
    this.#folded.dispose();
    this.#folded = model;
  }

  setHead(head: Head): void {
    setHead(this.#folded, head);
    if (this.#training) setHead(this.#training, head);
  }

  /** Squares [N] of the network's side -> features, [N, featureCount]. */
  async features(squares: readonly Image[]): Promise<Float32Array> {
    const values = scope(() => noGrad(() => globalAvgPool(this.#folded.features(normalize(squares))).data()));
    return (await values) as Float32Array;
  }

  /** Features [N, featureCount] -> logits [N, classes]. */
  async logits(features: Float32Array, count: number): Promise<Float32Array> {
    const { classifier } = this.#folded;
    const values = scope(() => noGrad(() => classifier.forward(tensor(features, [count, this.featureCount])).data()));
    return (await values) as Float32Array;
  }

  dispose(): void {
    this.#folded.dispose();
    this.#training?.dispose();
  }
}
