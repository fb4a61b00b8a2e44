/**
 * A recipe with another optimiser, decay, curve of the learning rate, limit on gradients, or number of batches a step: what
 * depends on these follows them, and what a recipe has already changes nothing.
 */
import type { Recipe, ScheduleKind } from "../../models/recipe.js";
import type { Precision } from "../../ops/program.js";
import type { OptimizerChoice, OptimizerKind } from "../../optim/index.js";
import { scheduleKindOf } from "./schedule.js";
import { withField } from "./with-field.js";

/** What a run does differently from its recipe; undefined: as the recipe says. */
export interface OptimizationChanges {
  readonly optimizer?: OptimizerKind | undefined;
  /** Peak. Default: the recipe's, of another optimiser the usual one. */
  readonly lr?: number | undefined;
  readonly weightDecay?: number | undefined;
  readonly schedule?: ScheduleKind | undefined;
  /** Epochs at which the learning rate falls to a tenth, or the recipe's share; makes the schedule "step". */
  readonly milestones?: readonly number[] | undefined;
  /** Limit on the 2-norm of all gradients together. */
  readonly clipGradNorm?: number | undefined;
  /** Batches of each replica in a step. */
  readonly accumulate?: number | undefined;
  /** How activations and products are stored. */
  readonly precision?: Precision | undefined;
}

/**
 * Rates where a recipe made for another optimiser says nothing: of Adam and AdamW PyTorch's defaults, of SGD those that
 * mmpretrain's and torchvision's recipes for fine-tuning share.
 */
const usual: { readonly [K in OptimizerKind]: OptimizerChoice & { readonly kind: K } } = {
  sgd: { kind: "sgd", lr: 0.01, momentum: 0.9, weightDecay: 1e-4 },
  adam: { kind: "adam", lr: 1e-3, weightDecay: 0 },
  adamw: { kind: "adamw", lr: 1e-3, weightDecay: 0.01 },
};

/** The recipe with an optimiser of another kind at its usual rates, the classifier's too; the same where it has that kind. */
export function withKind(base: Recipe, kind: OptimizerKind): Recipe {
  const lr = usualLr(base, kind);
  const { headLr } = base.transfer ?? {};
  const changed = withOptimizer(base, { optimizer: kind, lr });
  if (headLr === undefined) return changed;
  return { ...changed, transfer: { ...base.transfer, headLr: headLr * (lr / base.optimizer.lr) } };
}

/** The peak of a recipe, or the usual one where its optimiser is to be of another kind: the classifier's where that has its own. */
export function usualLr({ optimizer, transfer }: Recipe, kind: OptimizerKind = optimizer.kind): number {
  if (kind === optimizer.kind) return optimizer.lr;
  return usual[kind].lr * (transfer?.headLr ? optimizer.lr / transfer.headLr : 1);
}

/** torch.optim.lr_scheduler.OneCycleLR's pct_start and 1 / div_factor. */
const ONE_CYCLE_RISE = 0.3;
const ONE_CYCLE_START = 1 / 25;
/** By "step" without milestones the rate falls at these shares of the run, to this share of what it was. */
const MILESTONES = [1 / 3, 2 / 3];
const STEP_FACTOR = 0.1;

/** As recipes have it: float32 is what they say nothing of. */
const halfOnly: { readonly [K in Precision]: Recipe["precision"] } = { float32: undefined, float16: "float16" };

/** The recipe with the changes. */
export function changeOptimization(base: Recipe, changes: OptimizationChanges): Recipe {
  const { clipGradNorm, accumulate = base.accumulate } = changes;
  const moved = withSchedule(withOptimizer(base, changes), changes);
  const precision = changes.precision === undefined ? base.precision : halfOnly[changes.precision];
  const gathered = withField(moved, "accumulate", accumulate === 1 ? undefined : accumulate);
  const changed = withField(gathered, "precision", precision);
  return clipGradNorm === undefined ? changed : { ...changed, clipGrad: { maxNorm: clipGradNorm } };
}

function withOptimizer(base: Recipe, { optimizer: kind, lr, weightDecay }: OptimizationChanges): Recipe {
  const isOther = kind !== undefined && kind !== base.optimizer.kind;
  const from = isOther ? usual[kind] : base.optimizer;
  const optimizer = { ...from, lr: lr ?? from.lr, weightDecay: weightDecay ?? from.weightDecay };
  const { weightDecayFloor: floor } = base.schedule;
  // of another optimiser the decay is one of another kind: it stays at its base
  const share = from.weightDecay > 0 ? optimizer.weightDecay / from.weightDecay : 1;
  const weightDecayFloor = isOther || floor === null ? null : floor * share;
  return { ...base, optimizer, schedule: { ...base.schedule, weightDecayFloor } };
}

function withSchedule(base: Recipe, { schedule, milestones }: OptimizationChanges): Recipe {
  const kind = milestones ? "step" : schedule;
  if (kind === undefined || (kind === scheduleKindOf(base) && !milestones)) return base;
  const { kind: former, lrSteps, ...rest } = base.schedule;
  const epochs = milestones ?? MILESTONES.map((share) => Math.round(share * base.epochs));
  if (kind === "step")
    return { ...base, schedule: { ...rest, lrSteps: { epochs, factor: lrSteps?.factor ?? STEP_FACTOR } } };
  if (kind === "cosine") return { ...base, schedule: rest };
  const rise = { warmupEpochs: ONE_CYCLE_RISE * base.epochs, warmupStart: ONE_CYCLE_START };
  return { ...base, schedule: { ...rest, ...(kind === "one-cycle" && rise), kind } };
}
