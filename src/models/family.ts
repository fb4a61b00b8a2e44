/**
 * What the rest of the package has to know of a family of models: one record each (models/<family>/family.ts), all of them in
 * the list of families.ts. Nothing outside a family's folder names it, except as data.
 */
import type { Dialects } from "../io/key-map.js";
import type { StoredTensor } from "../io/safetensors.js";
import type { Module } from "../nn/module.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Block, Classifier, ModelOptions } from "./classifier.js";
import type { SummaryRow, TrainingRow } from "./costs/costs.js";
import type { LayerWriter } from "./files/onnx-layers.js";
import type { Recipe, RecipeForm } from "./recipe.js";
import type { TrainingBackend } from "./training-choice.js";

/** Entries of a file by name, in the shapes of files. */
export type FileEntries = ReadonlyMap<string, StoredTensor>;

/** What a set of entries is the weights of. */
export interface Recognized {
  /** A name that createModel knows. */
  readonly model: string;
  readonly form: "train" | "deploy";
  readonly numClasses: number;
  /** Absent: 3. */
  readonly inChannels?: number;
}

/** Of one image, and of the model that it is for. */
export interface SummarySubject {
  readonly size: readonly [h: number, w: number];
  readonly numClasses: number;
  readonly inChannels: number;
}

/** Of a batch of square images. */
export interface TrainingSubject {
  readonly imageSize: number;
  readonly batchSize: number;
  /** What would train. */
  readonly backend: TrainingBackend;
}

/** V is a variant's row of data, M the class that is built from one. */
export interface Family<V extends object = object, M extends Classifier = Classifier> {
  /** As its paper writes it. */
  readonly name: string;
  /** By the names that createModel knows. */
  readonly variants: Readonly<Record<string, V>>;
  isOwn(model: Module<unknown>): model is M;
  /** Throws UsageError for options that the family does not have. */
  create(variant: V, options: ModelOptions): M;
  /** Names of entries by who gave them; "mmpretrain" files carry a description beside their weights, others are bare. */
  readonly dialects: Dialects;
  /** The dialect of the models themselves: a key of `dialects`. */
  readonly ownKeys: string;
  /** Entries under own names -> what they are the weights of; null for another network. */
  recognize(entries: FileEntries): Recognized | null;
  /** Costs of both forms, layer by layer, the classifier last. */
  summaryRows(variant: V, subject: SummarySubject): SummaryRow[];
  /** Costs of a training step by block and form; absent where there is one form. */
  trainingRows?(variant: V, subject: TrainingSubject): TrainingRow[];
  /** Writes `model` behind the value `images` [N, C, H, W]; returns the value of its features. */
  toOnnx(writer: LayerWriter, model: M, images: string): string;
  /**
   * Fills a block of the deploy form with what the training form's block `source` does in evaluation. Throws FoldError for
   * blocks that are not the family's own, and for unusable statistics.
   */
  fold(source: Block, target: Block): Promise<void>;
  /**
   * Fills a block of the training form with what the folded `source` does; x [N, H, W, Cin] is what the block sees of a probe. Absent
   * from families that train as they are written.
   */
  unfold?(source: Block, target: Block, x: Tensor): Promise<void>;
  /** The published recipe of a variant. */
  recipe(variant: string, form: RecipeForm): Recipe;
  /** The short one, for the bundled demo set. */
  demoRecipe(variant: string): Recipe;
}
