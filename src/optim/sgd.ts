/**
 * Stochastic gradient descent with momentum and coupled weight decay (torch.optim.SGD; docs/recipe.md 3.3). The arithmetic
 * is the update "sgd" of ops/spec.
 */
import { update } from "../chapters/sgd-update.js";
import { UsageError } from "../util/errors.js";
import { expectNotNegative, fusedRule, type OptimizedParameters, Optimizer } from "./optimizer.js";

/** The numbers of SGD; torch.optim's, with its defaults. */
export interface SgdOptions {
  readonly lr: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Added to the gradient as weightDecay·p. Default 0. */
  readonly weightDecay?: number;
  /** Share of a gradient that the momentum leaves out. Default 0. */
  readonly dampening?: number;
  /** Default false. */
  readonly nesterov?: boolean;
  /** Climbs instead of descending. Default false. */
  readonly maximize?: boolean;
}

export const sgdDefaults = { momentum: 0, weightDecay: 0, dampening: 0, nesterov: false, maximize: false } as const;

/** Throws UsageError for what torch.optim.SGD refuses. */
export function expectSgdOptions({ lr, momentum, weightDecay, dampening, nesterov }: Required<SgdOptions>): void {
  expectNotNegative("SGD", { lr, momentum, weightDecay });
  if (nesterov && (momentum === 0 || dampening !== 0))
    throw new UsageError(
      `SGD: nesterov with momentum ${momentum} and dampening ${dampening}, expected a momentum and no dampening`,
    );
}

/**
 * State: the slot "momentumBuffer".
 *
 * @example
 * ```ts
 * const model = new nn.Linear(4, 2);
 * const optimizer = new optim.SGD(model.namedParameters(), { lr: 0.1, momentum: 0.9 });
 * nn.crossEntropy(model.forward(rand([8, 4])), zeros([8], { dtype: "int32" })).backward();
 * optimizer.step();
 * optimizer.zeroGrad();
 * ```
 */
export class SGD extends Optimizer {
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly maximize: boolean;

  /** Throws UsageError for options that torch.optim.SGD refuses and for a parameter in two groups. */
  constructor(parameters: OptimizedParameters, options: SgdOptions) {
    const all = { ...sgdDefaults, ...options };
    expectSgdOptions(all);
    const { lr, momentum, weightDecay, dampening, nesterov, maximize } = all;
    const numbers = { momentum, dampening: momentum === 0 ? 0 : dampening, nesterov, maximize };
    const rule = fusedRule(update, "sgd", {
      slots: ["momentumBuffer"],
      countsSteps: false,
      // zeros stand for "no step yet" unless dampening tells the first step apart
      attrsOf: (rates, step) => ({ ...rates, ...numbers, isFirst: dampening !== 0 && step === 1 }),
    });
    super("SGD", parameters, { lr, weightDecay }, rule);
    this.momentum = momentum;
    this.dampening = dampening;
    this.nesterov = nesterov;
    this.maximize = maximize;
  }
}
