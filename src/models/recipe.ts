/**
 * What a training recipe is: every number that decides the result, typed. The rows are in the families' folders; what a run
 * makes of them is train/recipes.
 */
import type { OptimizerChoice } from "../optim/index.js";
import type { BatchAugments, LossChoice, PictureAugments } from "./recipe-choices.js";

/**
 * Two readings of a published recipe: as its authors meant it, and as their configuration really runs. They are the same
 * where the two do not differ.
 */
export const recipeForms = ["intended", "as-shipped"] as const;
/** A recipe as its authors meant it, or as their configuration file has it (docs/recipe.md). */
export type RecipeForm = (typeof recipeForms)[number];

/** From one epoch on, train pictures of another size and other augmentation. */
export interface TrainSwitch {
  /** The first epoch, 0-based, with these. */
  readonly epoch: number;
  readonly trainSize: number;
  readonly randAugmentLevel: number | null;
}

/** One limit on the norm of all gradients together, of which "inf" is the largest size (default 2), or one on each element. */
export type GradientClipping =
  | { readonly maxNorm: number; readonly normType?: number | "inf" }
  | { readonly maxValue: number };

/** The curves of a learning rate behind its warm-up; "one-cycle" has the warm-up for its rise. */
export const scheduleKinds = ["cosine", "linear", "step", "one-cycle", "constant"] as const;
/** The name of such a curve. */
export type ScheduleKind = (typeof scheduleKinds)[number];

/** The figures of a validation that a run can be steered by; a loss is better where it is smaller. */
export const metricNames = ["top1", "top5", "macroF1", "loss"] as const;
/** The name of such a figure. */
export type MetricName = (typeof metricNames)[number];

/** What of a trained model a run keeps as it is, and how fast its classifier moves. */
export interface Transfer {
  /**
   * Stages whose weights and statistics stay, as mmpretrain counts them (frozen_stages): -1 none, 0 the stem, n the stem and n
   * stages behind it. Default -1.
   */
  readonly frozenStages?: number;
  /** Whether batch norms of the backbone go by their running statistics, which then stay (norm_eval). Default false. */
  readonly normEval?: boolean;
  /** Peak learning rate of the classifier, along the curve of the others'. Default: the optimiser's. */
  readonly headLr?: number;
}

/** A training recipe as data: epochs, batch, loss, optimiser, schedule, moving average, images. */
export interface Recipe {
  readonly name: string;
  /** Where the numbers come from. */
  readonly source: string;
  /** How the rows below were fitted to the steps of a run (plan.ts); absent from recipes that no run has planned yet. */
  readonly plan?: "whole" | "short";
  readonly model: string;
  readonly epochs: number;
  /** Images of a batch. A step takes one of each replica, or `accumulate` of each. */
  readonly batchSize: number;
  /**
   * Batches of each replica whose mean gradient moves the weights once; each has its own batch statistics. Absent: 1. The last
   * step of an epoch takes those that are left, and the mean over them.
   */
  readonly accumulate?: number;
  /**
   * "float16": activations and products are stored so, sums and weights are not, and the loss is scaled (optim.GradScaler). Needs a
   * device with shader-f16. Absent: everything is float32.
   */
  readonly precision?: "float16";
  readonly loss: LossChoice;
  /** Absent: batches stay as they are. */
  readonly batchAugments?: BatchAugments;
  /** Its weight decay is the base of all parameters but batch norm's, whose base is 0. */
  readonly optimizer: OptimizerChoice;
  /**
   * Ends the run after `patience` validations in a row whose figure is not better than the best by more than `minDelta`
   * (default 0; percent, or of the loss). Absent: it goes on to its last epoch.
   */
  readonly earlyStopping?: { readonly patience: number; readonly metric: MetricName; readonly minDelta?: number };
  /** The figure by which the weights of the best epoch are kept beside the last ones. Absent: they are not. */
  readonly saveBest?: MetricName;
  /** What keeps the mean gradients of a step from growing too large; absent: nothing. */
  readonly clipGrad?: GradientClipping;
  readonly schedule: {
    /** Linear warm-up by step over this many epochs; fractions are fine. */
    readonly warmupEpochs: number;
    /** First learning rate of the warm-up, as a share of the peak. */
    readonly warmupStart: number;
    /** Absent: "step" where there are lrSteps, else "cosine". */
    readonly kind?: ScheduleKind;
    /** Epochs at which the learning rate falls to this share of what it was, by "step". */
    readonly lrSteps?: { readonly epochs: readonly number[]; readonly factor: number };
    /** Where cosine and line of the learning rate end. */
    readonly lrFloor: number;
    /**
     * Floor of the cosine of the weight decay. Batch norm's decay *rises* to it from 0 (docs/recipe.md 5.2);
     * all published numbers were reached so, and both forms keep it. null: no cosine, the decay stays at its base.
     */
    readonly weightDecayFloor: number | null;
    /** Base decay of batch norm's parameters. Default 0. */
    readonly normWeightDecay?: number;
    /** Whether the cosines move with each epoch, as the reference, or each step, which short runs want. */
    readonly interval: "epoch" | "step";
  };
  /** Absent: everything moves, at one rate. */
  readonly transfer?: Transfer;
  readonly ema: {
    /** avg += momentum · (raw − avg) after each step, over parameters and running statistics. */
    readonly momentum: number;
    /** Larger momentum at first (optim/ema.ts warmMomentum); absent where the plan decides. */
    readonly warmup?: boolean;
  };
  /** Which pictures an epoch has; absent: each once. */
  readonly sampling?: {
    /** Every class equally often, pictures of rare ones several times (data/reading/balanced-order.ts). */
    readonly balanced: boolean;
  };
  readonly images: PictureAugments & {
    /** Side of the train pictures, from the first epoch to the first switch. */
    readonly trainSize: number;
    /** Level of RandAugment, 0 to 10; null: none. */
    readonly randAugmentLevel: number | null;
    /** By rising epoch; growing pictures are seen at their largest where evaluation sees them. */
    readonly switches: readonly TrainSwitch[];
    readonly evalSize: number;
    /** Short side before the centre crop. */
    readonly evalResize: number;
    readonly evalBatchSize: number;
    /** Smallest share of the picture that a training crop covers. */
    readonly minCropArea: number;
    readonly flipProbability: number;
  };
}
