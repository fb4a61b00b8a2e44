/** The optimiser, its schedules and averages: the `optim` of the public face. */
export { Ema, type EmaOptions, type EmaState, warmMomentum } from "./ema.js";
export { type ParamGroup, splitNormParameters } from "./param-groups.js";
export { type LearningRateSchedule, lrAt, type Progress, type WeightDecaySchedule, weightDecayAt } from "./schedule.js";
export { SGD, type SgdGroup, type SgdOptions, type SgdState } from "./sgd.js";
