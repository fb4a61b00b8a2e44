/** The network's look at the project's pictures: features, kept as long as network and pictures are, and the head that stands on them. */

import type { Image } from "../../src/data/codecs/image.js";
import { liveStorage } from "../../src/tensor/storage.js";
import type { CurvePoint, PictureInfo, Stage } from "../protocol.js";
import { accuracyOn, answersOf, confusionOf, likeliest, probabilitiesOf } from "./answers.js";
import { evalTransformOf, seen } from "./improve/inputs.js";
import { fitHead } from "./network/head.js";
import type { Network } from "./network/network.js";
import type { PictureStore } from "./pictures/store.js";
import type { Tell } from "./tell.js";

/** Pictures that are looked at together. */
const CHUNK = 16;

export class Looking {
  readonly #store: PictureStore;
  readonly #tell: Tell;
  readonly #features = new Map<number, Float32Array>();
  #network: Network;
  /** Whether there is a head for the classes of now. */
  #classes = 0;

  constructor(network: Network, store: PictureStore, tell: Tell) {
    this.#network = network;
    this.#store = store;
    this.#tell = tell;
  }

  get network(): Network {
    return this.#network;
  }

  /** Classes that the model answers; 0: there is no model yet. */
  get classes(): number {
    return this.#classes;
  }

  /** Another network, or the same that has learnt: nothing that was seen counts. */
  replace(network: Network): void {
    if (network !== this.#network) this.#network.dispose();
    this.#network = network;
    this.#features.clear();
    this.#classes = 0;
  }

  /** Says that the network's own classifier answers so many classes. */
  keepHead(classes: number): void {
    this.#classes = classes;
  }

  forget(id: number): void {
    this.#features.delete(id);
  }

  /** Bytes of features. */
  get bytes(): number {
    return this.#features.size * this.#network.featureCount * 4;
  }

  /** The square that the network sees; null where the picture's file is gone. */
  async square(id: number): Promise<Image | null> {
    const image = await this.#store.get(id);
    return image && seen(evalTransformOf(this.#network.images), image);
  }

  /** Looks at what it has not seen yet. */
  async see(ids: readonly number[]): Promise<void> {
    const fresh = ids.filter((id) => !this.#features.has(id));
    for (let start = 0; start < fresh.length; start += CHUNK) {
      const some = fresh.slice(start, start + CHUNK);
      const squares: Image[] = [];
      const found: number[] = [];
      for (const id of some) {
        const square = await this.square(id);
        if (!square) continue;
        squares.push(square);
        found.push(id);
      }
      if (found.length === 0) continue;
      const features = await this.#network.features(squares);
      const size = this.#network.featureCount;
      for (const [i, id] of found.entries()) this.#features.set(id, features.slice(i * size, (i + 1) * size));
    }
  }

  #stack(ids: readonly number[]): Float32Array {
    const size = this.#network.featureCount;
    const all = new Float32Array(ids.length * size);
    for (const [i, id] of ids.entries()) all.set(this.#features.get(id) ?? new Float32Array(size), i * size);
    return all;
  }

  /** Fits the head to the training pictures; null where there are not two classes of them. */
  async fit(pictures: readonly PictureInfo[], classes: number): Promise<{ loss: number; ms: number } | null> {
    const training = pictures.filter(({ side, id }) => side === "train" && this.#features.has(id));
    const labels = Int32Array.from(training, (picture) => picture.class!);
    if (new Set(labels).size < 2) {
      this.#classes = 0;
      return null;
    }
    const start = performance.now();
    const features = this.#stack(training.map(({ id }) => id));
    const head = await fitHead({ features, labels, featureCount: this.#network.featureCount, classes });
    this.#network.setHead(head);
    this.#classes = classes;
    return { loss: head.loss, ms: performance.now() - start };
  }

  /** Probabilities [pictures, classes] by the model as it stands. */
  async scores(pictures: readonly PictureInfo[]): Promise<Float32Array<ArrayBuffer>> {
    const logits = await this.#network.logits(this.#stack(pictures.map(({ id }) => id)), pictures.length);
    return probabilitiesOf(logits, this.#classes);
  }

  /** Tells the answers to all pictures; with `point`, what the curve gets for it. Nothing where there is no model. */
  async tellAnswers(
    pictures: readonly PictureInfo[],
    point?: { readonly stage: Stage; readonly index: number; readonly loss: number; readonly ms: number },
  ): Promise<CurvePoint | null> {
    if (this.#classes < 2 || pictures.length === 0) return null;
    const scores = await this.scores(pictures);
    const best = likeliest(scores, this.#classes);
    let made: CurvePoint | null = null;
    if (point) {
      const trainAccuracy = accuracyOn("train", pictures, best);
      const valAccuracy = accuracyOn("val", pictures, best);
      made = { ...point, trainAccuracy, valAccuracy, pictures: pictures.length };
      this.#tell("epoch", { point: made, confusion: confusionOf(pictures, best, this.#classes) });
    }
    this.#tell("answers", answersOf(pictures, scores, this.#classes));
    this.tellMemory();
    return made;
  }

  tellMemory(): void {
    this.#tell("memory", { engineBytes: liveStorage().bytes, heldBytes: this.#store.bytes + this.bytes });
  }
}
