/** Optimisers, their schedules and averages: the `optim` of the public face. */
export { Adam, type AdamOptions, AdamW } from "./adam.js";
export { type ClipNormOptions, type ClippedParameters, clipGradNorm, clipGradValue } from "./clip.js";
export {
  type Curve,
  constant,
  cosine,
  exponential,
  linear,
  multiStep,
  type OneCycleOptions,
  oneCycle,
  polynomial,
  product,
  scaled,
  sequential,
  startingAt,
  step,
} from "./curves.js";
export { Ema, type EmaOptions, type EmaState, warmMomentum } from "./ema.js";
export { GradScaler, type GradScalerOptions, type GradScalerState } from "./grad-scaler.js";
export {
  type GroupRates,
  type OptimizedParameters,
  Optimizer,
  OptimizerGroup,
  type OptimizerState,
  type UpdateRule,
} from "./optimizer.js";
export {
  type CompleteChoice,
  completeChoice,
  createOptimizer,
  keptBy,
  type OptimizerChoice,
  type OptimizerKind,
  type OptimizerOptions,
  optimizerKinds,
} from "./optimizers.js";
export { type ParamGroup, splitNormParameters } from "./param-groups.js";
export {
  byEpoch,
  byIteration,
  type LearningRateSchedule,
  lrAt,
  type Progress,
  phases,
  type Schedule,
  type SchedulePhase,
  type WeightDecaySchedule,
  weightDecayAt,
} from "./schedule.js";
export { SGD, type SgdOptions } from "./sgd.js";
