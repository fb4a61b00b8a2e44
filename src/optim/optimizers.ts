/**
 * The optimisers by kind, as recipes and checkpoints name them: a row for each, with its options and what they are where
 * nothing is said.
 */
import { persistent } from "../nn/parameter.js";
import { Adam, type AdamOptions, AdamW, adamDefaults, adamwDefaults, expectAdamOptions } from "./adam.js";
import type { OptimizedParameters, Optimizer } from "./optimizer.js";
import { expectSgdOptions, SGD, type SgdOptions, sgdDefaults } from "./sgd.js";

/** The options of every optimiser, by its kind. */
export interface OptimizerOptions {
  readonly sgd: SgdOptions;
  readonly adam: AdamOptions;
  readonly adamw: AdamOptions;
}
/** The names of the optimisers. */
export type OptimizerKind = keyof OptimizerOptions;

interface Row<Options> {
  readonly defaults: Omit<Required<Options>, "lr">;
  /** Throws UsageError for options that torch.optim refuses. */
  expect(options: Required<Options>): void;
  make(parameters: OptimizedParameters, options: Options): Optimizer;
}

const optimizers: { readonly [K in OptimizerKind]: Row<OptimizerOptions[K]> } = {
  sgd: {
    defaults: sgdDefaults,
    expect: expectSgdOptions,
    make: (parameters, options) => new SGD(parameters, options),
  },
  adam: {
    defaults: adamDefaults,
    expect: (options) => expectAdamOptions("Adam", options),
    make: (parameters, options) => new Adam(parameters, options),
  },
  adamw: {
    defaults: adamwDefaults,
    expect: (options) => expectAdamOptions("AdamW", options),
    make: (parameters, options) => new AdamW(parameters, options),
  },
};

/** Every optimiser's name. */
export const optimizerKinds = Object.keys(optimizers) as readonly OptimizerKind[];

/** An optimiser as data: its kind, its rates, and those of its options that are not the default. */
export type OptimizerChoice = {
  readonly [K in OptimizerKind]: {
    readonly kind: K;
    readonly lr: number;
    /** Base of all groups that have none of their own. */
    readonly weightDecay: number;
  } & Omit<OptimizerOptions[K], "lr" | "weightDecay">;
}[OptimizerKind];

/** The same with every option said. */
export type CompleteChoice = {
  readonly [K in OptimizerKind]: { readonly kind: K } & Required<OptimizerOptions[K]>;
}[OptimizerKind];

/** The choice with the defaults of its kind filled in. */
export const completeChoice = (choice: OptimizerChoice): CompleteChoice =>
  ({ ...optimizers[choice.kind].defaults, ...choice }) as CompleteChoice;

/** Throws UsageError where torch.optim would refuse the options. */
export function expectOptimizerOptions(choice: OptimizerChoice): void {
  const { kind, ...options } = completeChoice(choice);
  const row = optimizers[kind] as Row<OptimizerOptions[OptimizerKind]>;
  row.expect(options as Required<SgdOptions & AdamOptions>);
}

/**
 * Makes the optimiser. Throws UsageError for options that torch.optim refuses and for a parameter in two groups.
 *
 * @example
 * ```ts
 * const model = new nn.Linear(4, 2);
 * const optimizer = optim.createOptimizer(model.namedParameters(), { kind: "sgd", lr: 0.1, weightDecay: 1e-4 });
 * console.log(optimizer.groups.length); // 1
 * ```
 */
export function createOptimizer(parameters: OptimizedParameters, { kind, ...options }: OptimizerChoice): Optimizer {
  const { make } = optimizers[kind] as Row<OptimizerOptions[OptimizerKind]>;
  return make(parameters, options as OptimizerOptions[OptimizerKind] & SgdOptions);
}

/** What an optimiser of this choice keeps for each parameter, and whether it counts updates. */
export function keptBy(choice: OptimizerChoice): Pick<Optimizer, "slots" | "countsSteps"> {
  const nothing = persistent([0], "float32");
  const { slots, countsSteps } = createOptimizer(new Map([["none", { tensor: nothing, role: "other" }]]), choice);
  nothing.dispose();
  return { slots, countsSteps };
}
