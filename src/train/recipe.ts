/**
 * What a training recipe is: every number that decides the result, typed, without any code. The rows are in recipes/.
 */
export interface Recipe {
  readonly name: string;
  /** Where the numbers come from. */
  readonly source: string;
  readonly model: string;
  readonly epochs: number;
  /** Images per replica and step. */
  readonly batchSize: number;
  readonly loss: { readonly labelSmoothing: number; readonly mode: "original" | "classyVision" };
  readonly optimizer: {
    readonly lr: number;
    readonly momentum: number;
    readonly dampening: number;
    readonly nesterov: boolean;
    /** Base decay of all parameters but batch norm's, whose base is 0. */
    readonly weightDecay: number;
  };
  readonly schedule: {
    /** Linear warm-up by step over this many epochs; fractions are fine. */
    readonly warmupEpochs: number;
    /** First learning rate of the warm-up, as a share of the peak. */
    readonly warmupStart: number;
    /** Floor of the cosine of the learning rate. */
    readonly lrFloor: number;
    /** Floor of the cosine of the weight decay; batch norm's decay rises to it from 0. */
    readonly weightDecayFloor: number;
    /** Whether the cosines move with each epoch, as the reference, or each step, which short runs want. */
    readonly interval: "epoch" | "step";
  };
  /** avg += momentum · (raw − avg) after each step, over parameters and running statistics. */
  readonly ema: { readonly momentum: number };
  readonly images: {
    readonly trainSize: number;
    readonly evalSize: number;
    /** Short side before the centre crop. */
    readonly evalResize: number;
    readonly evalBatchSize: number;
    /** Smallest share of the picture that a training crop covers. */
    readonly minCropArea: number;
    readonly flipProbability: number;
  };
}
