/**
 * Dynamic loss scaling (torch.cuda.amp.GradScaler, after Micikevicius et al. 2018, "Mixed Precision Training"): gradients that float16
 * would round to 0 are computed from a loss that is larger, and divided again before they move anything.
 */
import { noGrad } from "../autograd/tape.js";
import { update } from "../ops/apply.js";
import * as F from "../ops/functional/index.js";
import { zeros } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { UsageError } from "../util/errors.js";
import { type ClippedParameters, distinctGradients } from "./clip.js";

/** PyTorch's defaults. */
export interface GradScalerOptions {
  /** Factor of the first losses. Default 65536. */
  readonly initScale?: number;
  /** What the factor grows by behind `growthInterval` finite steps in a row, above 1. Default 2. */
  readonly growthFactor?: number;
  /** What a step whose gradients are not finite leaves of it, between 0 and 1. Default 0.5. */
  readonly backoffFactor?: number;
  /** Default 2000. */
  readonly growthInterval?: number;
}

/** What decides the steps to come, for a checkpoint. */
export interface GradScalerState {
  readonly scale: number;
  /** Finite steps since the factor changed. */
  readonly growthTracker: number;
  /** Steps that moved nothing, so far. */
  readonly skippedSteps: number;
}

const inRange = (name: string, value: number, isRight: boolean, expected: string): void => {
  if (!isRight) throw new UsageError(`GradScaler: ${name} is ${value}, expected ${expected}`);
};

/**
 * Scales losses so that gradients stay within float16, and says which steps to leave out: those whose gradients are not finite, after
 * which the factor is smaller. Throws UsageError for options out of their range. (torch.cuda.amp.GradScaler)
 *
 * @example
 * ```ts
 * const model = new nn.Linear(4, 2);
 * const optimizer = new optim.SGD(model.namedParameters(), { lr: 0.1 });
 * const scaler = new optim.GradScaler();
 * scaler.scale(model.forward(rand([8, 4])).square().mean()).backward();
 * const areFinite = scaler.unscale(model.namedParameters());
 * if (scaler.update(areFinite.item() === 1)) optimizer.step(); // else the step is left out
 * optimizer.zeroGrad();
 * ```
 */
export class GradScaler {
  readonly #growthFactor: number;
  readonly #backoffFactor: number;
  readonly #growthInterval: number;
  #state: GradScalerState;

  constructor({
    initScale = 65536,
    growthFactor = 2,
    backoffFactor = 0.5,
    growthInterval = 2000,
  }: GradScalerOptions = {}) {
    inRange("initScale", initScale, initScale > 0 && Number.isFinite(initScale), "a number above 0");
    inRange("growthFactor", growthFactor, growthFactor > 1, "above 1");
    inRange("backoffFactor", backoffFactor, backoffFactor > 0 && backoffFactor < 1, "between 0 and 1");
    inRange("growthInterval", growthInterval, Number.isInteger(growthInterval) && growthInterval > 0, "whole steps");
    this.#growthFactor = growthFactor;
    this.#backoffFactor = backoffFactor;
    this.#growthInterval = growthInterval;
    this.#state = { scale: initScale, growthTracker: 0, skippedSteps: 0 };
  }

  /** The factor of the next loss. */
  get scaleNow(): number {
    return this.#state.scale;
  }

  /** Steps that were left out so far. */
  get skippedSteps(): number {
    return this.#state.skippedSteps;
  }

  /** The loss times the factor: backward() starts from it. */
  scale(loss: Tensor): Tensor {
    return F.mul(loss, this.#state.scale);
  }

  /**
   * Divides every gradient by the factor, in place; a scalar: 1 where all are finite, else 0. Gradients are limited (clipGradNorm)
   * behind it. Inside compile too: the value is there when the call returns.
   */
  unscale(parameters: ClippedParameters): Tensor {
    const gradients = distinctGradients(parameters);
    return noGrad(() =>
      scope(() => {
        for (const gradient of gradients) update("assign", [gradient, F.mul(gradient, 1 / this.#state.scale)], {});
        return gradients.length === 0 ? F.add(zeros([]), 1) : areFinite(gradients);
      }),
    );
  }

  /**
   * What a step has come to: true where the optimiser is to move, false where the step is left out. The factor falls with the latter
   * and grows behind `growthInterval` of the former in a row.
   */
  update(areFinite: boolean): boolean {
    const { scale, growthTracker, skippedSteps } = this.#state;
    const finite = growthTracker + 1;
    if (!areFinite)
      this.#state = { scale: scale * this.#backoffFactor, growthTracker: 0, skippedSteps: skippedSteps + 1 };
    else if (finite < this.#growthInterval) this.#state = { scale, growthTracker: finite, skippedSteps };
    else this.#state = { scale: scale * this.#growthFactor, growthTracker: 0, skippedSteps };
    return areFinite;
  }

  /** For a checkpoint. */
  state(): GradScalerState {
    return this.#state;
  }

  /** Goes on where a checkpoint stands. Throws UsageError for a factor that is none. */
  loadState(state: GradScalerState): void {
    inRange("scale", state.scale, state.scale > 0 && Number.isFinite(state.scale), "a number above 0");
    this.#state = { ...state };
  }
}

/** A scalar: 1 where every number of the tensors is finite, else 0. */
export const areFinite = (tensors: readonly Tensor[]): Tensor =>
  scope(() => {
    const largest = F.max(F.stack(tensors.map((x) => F.max(F.abs(x)))));
    return F.cast(F.less(largest, Number.POSITIVE_INFINITY), "float32");
  });
