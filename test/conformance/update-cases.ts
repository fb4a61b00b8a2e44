/** Every update with what its operands are filled with and the attributes that make it another one. */
// the optimisers bring their updates
import "../../src/optim/index.js";
import type { AdamAttrs, PerOperand, UpdateAttrs, UpdateName } from "../../src/ops/spec/index.js";
import type { Fill } from "./cases/index.js";

interface UpdateCase<K extends UpdateName> {
  readonly fills: PerOperand<K, Fill>;
  /** Rates are fractions, which integers have none of. */
  readonly takesIntegers: boolean;
  readonly attrs: readonly UpdateAttrs<K>[];
}

const either = [false, true] as const;
const rates = { lr: 0.1, momentum: 0.9, weightDecay: 1e-2, dampening: 0.3 };
const adamAttrs = [0, 0.01].flatMap((weightDecay) =>
  either.flatMap((decoupled) =>
    either.map((maximize): AdamAttrs => {
      const betas = { beta1: 0.9, beta2: 0.99, correction1: 0.271, correction2: 0.0297 };
      return { ...{ lr: 0.1, weightDecay, eps: 1e-3 }, ...betas, decoupled, maximize };
    }),
  ),
);

export const updateCases: { readonly [K in UpdateName]: UpdateCase<K> } = {
  accumulate: { fills: ["normal", "normal"], takesIntegers: true, attrs: [{}] },
  fill: { fills: ["normal"], takesIntegers: true, attrs: [{ value: 7 }, { value: 0 }] },
  assign: { fills: ["normal", "normal"], takesIntegers: true, attrs: [{}] },
  lerp: {
    fills: ["normal", "normal"],
    takesIntegers: false,
    attrs: [{ weight: 0.3 }, { weight: 0.002 }, { weight: 0.7 }],
  },
  sgd: {
    fills: ["normal", "normal", "normal"],
    takesIntegers: false,
    attrs: [rates, { ...rates, weightDecay: 0 }].flatMap((numbers) =>
      either.flatMap((nesterov) =>
        either.flatMap((isFirst) => either.map((maximize) => ({ ...numbers, nesterov, isFirst, maximize }))),
      ),
    ),
  },
  adam: { fills: ["normal", "normal", "positive", "normal"], takesIntegers: false, attrs: adamAttrs },
  amsgrad: { fills: ["normal", "normal", "positive", "positive", "normal"], takesIntegers: false, attrs: adamAttrs },
};

export const updateNames = Object.keys(updateCases) as UpdateName[];
