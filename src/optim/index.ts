/** The optimiser, its schedules and averages: the `optim` of the public face. */
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
export { SGD, type SgdGroup, type SgdOptions, type SgdState } from "./sgd.js";
