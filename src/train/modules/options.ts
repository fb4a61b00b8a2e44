/**
 * What the training of any module is asked for, and what it answers: types alone.
 */
import type { MapDataset } from "../../data/sets/map-dataset.js";
import type { GradientClipping } from "../../models/recipe.js";
import type { Module } from "../../nn/module.js";
import type { Ema, EmaOptions, Optimizer, OptimizerChoice } from "../../optim/index.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { StopSignal } from "../../util/host-types.js";
import type { SaveEvery } from "../recipes/save-every.js";

/** What a step learns from. */
export type Pair = readonly [input: Tensor, target: Tensor];

/** Batches by epoch: what DataLoader is, whatever its batches. */
export interface EpochLoader<B> {
  /** null where nobody knows before. */
  readonly batchesPerEpoch: number | null;
  epoch(epoch: number, options: { readonly startBatch: number }): AsyncIterable<B>;
}

/**
 * Samples, which are collated to batches of the recipe's size; a loader; batches, which are gone through once an epoch; or a
 * function from the 0-based epoch to its batches. A batch is [input, target], or a DataLoader's pictures with labels.
 */
export type TrainData<B = unknown> =
  | MapDataset<unknown>
  | EpochLoader<B>
  | Iterable<B>
  | AsyncIterable<B>
  | ((epoch: number) => Iterable<B> | AsyncIterable<B>);

type WithoutDecay<C> = C extends OptimizerChoice
  ? Omit<C, "weightDecay" | "lr"> & { readonly lr: number; readonly weightDecay?: number }
  : never;

/** A loss of what forward gives: a scalar. */
export type Loss<Y> = (output: Y, target: Tensor) => Tensor;
/** A figure of a batch, a mean over its samples; it runs without gradients. */
export type Metric<Y> = (output: Y, target: Tensor) => Tensor | number;

/** How to train: every number that decides the result. */
export interface ModuleRecipe<Y = Tensor> {
  readonly epochs: number;
  /** An optimiser's kind and options, torch's by default, or what makes one. */
  readonly optimizer: WithoutDecay<OptimizerChoice> | ((model: Module<unknown>) => Optimizer);
  /**
   * The learning rate at a step, counted from 0, such as a curve of `optim`; groups with rates of their own keep their proportion
   * to the first. Default: the optimiser's own throughout.
   */
  readonly schedule?: (step: number) => number;
  /** Default: cross-entropy of logits [N, …, K] and class indices [N, …]. */
  readonly loss?: Loss<Y>;
  /** Of data that comes as samples. Default 32. */
  readonly batchSize?: number;
  /** Of training data that comes as samples: a new order each epoch. Default true. */
  readonly shuffle?: boolean;
  /** Weight decay of batch and layer norms. Default: that of all. For an optimiser given by kind. */
  readonly normWeightDecay?: number;
  readonly clipGrad?: GradientClipping;
  /** Averages of the weights, which are validated then, and delivered: options, or what makes them. Default: none. */
  readonly ema?: EmaOptions | ((model: Module<unknown>) => Ema);
}

/** Figures over some data. */
export interface ModuleEvaluation {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly samples: number;
}

/** A step that was done. */
export interface ModuleStep {
  /** The one under way, from 1. */
  readonly epoch: number;
  /** Steps done, from 1, over all epochs. */
  readonly step: number;
  readonly loss: number;
  readonly lr: number;
  readonly stepMs: number;
}

/** Figures of data.val. */
export interface ModuleValidation extends ModuleEvaluation {
  /** Epochs done. */
  readonly epoch: number;
  readonly step: number;
}

/** What hears a run; called in order, and awaited. */
export interface TrainCallbacks {
  onStep?(info: ModuleStep): void | Promise<void>;
  onValidation?(info: ModuleValidation): void | Promise<void>;
}

/** Where a checkpoint stands. */
export interface CheckpointPlace {
  /** Epochs done. */
  readonly epoch: number;
  readonly step: number;
  /** Whether it stands between two epochs. */
  readonly isEpochEnd: boolean;
  /** Whether saveEvery asked for it: the next one of an epoch, or of the run's end, takes its place. */
  readonly isWithin?: true;
}

/** What train() trains, on what, and how. */
export interface TrainModuleOptions<Y = Tensor, B = unknown> {
  readonly model: Module<Y>;
  readonly recipe: ModuleRecipe<Y>;
  readonly data: { readonly train: TrainData<B>; readonly val?: TrainData<B> };
  /** Of the order of samples. Default 0. Random layers draw from the stream that manualSeed() starts, which a checkpoint holds. */
  readonly seed?: number;
  /** What of a batch of another form is input and target. */
  readonly batchOf?: (batch: B) => Pair;
  /** Figures of a validation, by name. Default: accuracy, where the loss is the default one. */
  readonly metrics?: Readonly<Record<string, Metric<Y>>>;
  readonly callbacks?: TrainCallbacks;
  /** Stop after this step, counted from 1 over the whole run. */
  readonly maxSteps?: number;
  /** Ends the run after the step under way, with a checkpoint. */
  readonly signal?: StopSignal;
  /**
   * Takes the whole state of the run after each epoch, before its validation, within epochs as `saveEvery` says, and at its end: bytes for
   * `resume`, which begins with that validation.
   */
  readonly checkpoint?: (state: Uint8Array, at: CheckpointPlace) => void | Promise<void>;
  /** Steps, or a time such as "10m", between two checkpoints within an epoch. Default 0: only after epochs. */
  readonly saveEvery?: SaveEvery;
  /** Goes on, bit for bit, from what checkpoint was given. */
  readonly resume?: Uint8Array;
  /** false runs steps uncompiled, for models whose forward reads values. Default true. */
  readonly compile?: boolean;
}

/** What came of a run. */
export interface ModuleTrainResult {
  readonly steps: number;
  /** Whole epochs that are done. */
  readonly epochs: number;
  readonly stopped: "finished" | "max-steps" | "signal";
  /** Of the last step; null where there was none. */
  readonly loss: number | null;
  /** The last one; null where there is no val. */
  readonly validation: ModuleValidation | null;
  /** The averages, of which swap() puts the values into the model; null where the recipe has none. */
  readonly ema: Ema | null;
}
