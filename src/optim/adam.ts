/**
 * Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) as torch.optim has them. The arithmetic is the updates
 * "adam" and "amsgrad" of ops/spec.
 */
import { update } from "../chapters/adam-update.js";
import { Scalar } from "../ops/scalar.js";
import { UsageError } from "../util/errors.js";
import { expectNotNegative, fusedRule, type GroupRates, type OptimizedParameters, Optimizer } from "./optimizer.js";

/** The numbers of Adam and AdamW; torch.optim's, with its defaults. */
export interface AdamOptions {
  /** Default 1e-3. */
  readonly lr?: number;
  /** Of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  readonly betas?: readonly [beta1: number, beta2: number];
  /** Added to the root of the mean square. Default 1e-8. */
  readonly eps?: number;
  /** Adam adds weightDecay·p to the gradient, AdamW shrinks p by lr·weightDecay. Default 0, AdamW's 1e-2. */
  readonly weightDecay?: number;
  /** Divides by the largest mean square so far (Reddi, Kale and Kumar 2018). Default false. */
  readonly amsgrad?: boolean;
  /** Climbs instead of descending. Default false. */
  readonly maximize?: boolean;
}

export const adamDefaults = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
} as const;
export const adamwDefaults = { ...adamDefaults, weightDecay: 1e-2 } as const;

/** The rule of both; bias corrections are taken in float64 here, once for all parameters that are equally far. */
function ruleOf({ betas, eps, amsgrad, maximize }: Required<AdamOptions>, decoupled: boolean) {
  const [beta1, beta2] = betas;
  const attrsOf = (rates: GroupRates, step: number) => ({
    ...rates,
    decoupled,
    beta1,
    beta2,
    eps,
    correction1: new Scalar(1 - beta1 ** step),
    correction2: new Scalar(1 - beta2 ** step),
    maximize,
  });
  return amsgrad
    ? fusedRule(update, "amsgrad", { slots: ["expAvg", "expAvgSq", "maxExpAvgSq"], countsSteps: true, attrsOf })
    : fusedRule(update, "adam", { slots: ["expAvg", "expAvgSq"], countsSteps: true, attrsOf });
}

/** Throws UsageError for what torch.optim refuses of the class `name`. */
export function expectAdamOptions(name: string, { lr, betas, eps, weightDecay }: Required<AdamOptions>): void {
  expectNotNegative(name, { lr, eps, weightDecay });
  betas.forEach((beta, i) => {
    if (!(beta >= 0 && beta < 1))
      throw new UsageError(`${name}: betas[${i}] is ${beta}, expected at least 0 and below 1`);
  });
}

/** State: the slots "expAvg", "expAvgSq" and, with amsgrad, "maxExpAvgSq"; a count of updates for each parameter. */
export class Adam extends Optimizer {
  readonly options: Required<AdamOptions>;

  /** Throws UsageError for options that torch.optim.Adam refuses and for a parameter in two groups. */
  constructor(parameters: OptimizedParameters, options: AdamOptions = {}) {
    const all = { ...adamDefaults, ...options };
    expectAdamOptions("Adam", all);
    super("Adam", parameters, all, ruleOf(all, false));
    this.options = all;
  }
}

/**
 * Adam with decoupled weight decay; its state is Adam's.
 *
 * @example
 * ```ts
 * const model = new nn.Linear(4, 2);
 * const optimizer = new optim.AdamW(model.namedParameters(), { lr: 1e-3, weightDecay: 0.05 });
 * model.forward(rand([8, 4])).square().mean().backward();
 * optimizer.step();
 * ```
 */
export class AdamW extends Optimizer {
  readonly options: Required<AdamOptions>;

  /** Throws UsageError for options that torch.optim.AdamW refuses and for a parameter in two groups. */
  constructor(parameters: OptimizedParameters, options: AdamOptions = {}) {
    const all = { ...adamwDefaults, ...options };
    expectAdamOptions("AdamW", all);
    super("AdamW", parameters, all, ruleOf(all, true));
    this.options = all;
  }
}
