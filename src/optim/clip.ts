/**
 * Gradients kept from growing too large, between backward and an optimiser's step (torch.nn.utils.clip_grad). Norms are
 * tensors, so that a compiled step clips as well.
 */
import { noGrad } from "../autograd/tape.js";
import type { Parameter } from "../nn/parameter.js";
import { update } from "../ops/apply.js";
import * as F from "../ops/functional/index.js";
import { zeros } from "../tensor/create.js";
import { areFinite } from "../tensor/finite.js";
import { scope } from "../tensor/scope.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { NonFiniteError, UsageError } from "../util/errors.js";

/** Parameters by name, such as model.namedParameters(), or tensors. */
export type ClippedParameters = ReadonlyMap<string, Parameter> | Iterable<Tensor>;

/** Which norm clipGradNorm() takes, and what it does where that is not finite. */
export interface ClipNormOptions {
  /** p of the p-norm, above 0; Infinity for the largest size. Default 2. */
  readonly normType?: number;
  /** Throw where the norm is NaN or infinite. Not inside compile, where no value is known yet. Default false. */
  readonly errorIfNonfinite?: boolean;
}

/** torch.nn.utils.clip_grad_norm_ adds it to the norm that it divides by. */
const NORM_EPS = 1e-6;

function gradientsOf(parameters: ClippedParameters): Tensor[] {
  const tensors =
    parameters instanceof Map
      ? [...(parameters as ReadonlyMap<string, Parameter>).values()].map(({ tensor }) => tensor)
      : [...(parameters as Iterable<Tensor>)];
  return tensors.flatMap(({ grad }) => (grad ? [grad] : []));
}

/**
 * Each of them once: parameters whose outputs are added have one gradient between them, as the branches of a folded block
 * have, and scaling in place would meet it once for each.
 */
function distinct(gradients: readonly Tensor[]): Tensor[] {
  const seen = new Map<Storage, Set<number>>();
  return gradients.filter(({ storage, offset }) => {
    const offsets = seen.get(storage) ?? new Set();
    seen.set(storage, offsets);
    return !offsets.has(offset) && offsets.add(offset);
  });
}

/** The gradients that are there, each once. */
export const distinctGradients = (parameters: ClippedParameters): Tensor[] => distinct(gradientsOf(parameters));

/** The p-norm over all elements -> scalar. */
function normOf(x: Tensor, p: number): Tensor {
  if (p === Number.POSITIVE_INFINITY) return F.max(F.abs(x));
  if (p === 1) return F.sum(F.abs(x));
  if (p === 2) return F.sqrt(F.sum(F.square(x)));
  return F.pow(F.sum(F.pow(F.abs(x), p)), 1 / p);
}

/**
 * Scales all gradients by maxNorm / (norm + 1e-6) where that is below 1, in place; the norm is that of all of them as one
 * vector: the norm of their norms. Returns it as it was before, a scalar; parameters without a gradient take no part. A norm
 * that is not finite spoils all gradients, unless it is an error. Throws UsageError for a maxNorm below 0 and a normType that
 * is not above 0, NonFiniteError if asked for, before a gradient has changed. (torch.nn.utils.clip_grad_norm_)
 *
 * @example
 * ```ts
 * const model = new nn.Linear(4, 2);
 * model.forward(rand([8, 4])).square().mean().backward();
 * const norm = optim.clipGradNorm(model.namedParameters(), 1); // between backward and step
 * console.log(norm.item());
 * ```
 */
export function clipGradNorm(
  parameters: ClippedParameters,
  maxNorm: number,
  { normType = 2, errorIfNonfinite = false }: ClipNormOptions = {},
): Tensor {
  if (!(maxNorm >= 0)) throw new UsageError(`clipGradNorm: maxNorm is ${maxNorm}, expected at least 0`);
  if (!(normType > 0)) throw new UsageError(`clipGradNorm: normType is ${normType}, expected above 0`);
  const gradients = gradientsOf(parameters);
  return noGrad(() =>
    scope(() => {
      if (gradients.length === 0) return zeros([]);
      const total = normOf(F.stack(gradients.map((gradient) => normOf(gradient, normType))), normType);
      if (errorIfNonfinite && !areFinite(total.dataSync()))
        throw new NonFiniteError(
          `clipGradNorm: the norm of all gradients is ${total.item()}, expected a finite one`,
          "without errorIfNonfinite the gradients are scaled by it anyhow",
        );
      const factor = F.minimum(F.div(maxNorm, F.add(total, NORM_EPS)), 1);
      for (const gradient of distinct(gradients))
        scope(() => update("assign", [gradient, F.mul(gradient, factor)], {}));
      return total;
    }),
  );
}

/**
 * Cuts every element of every gradient to −value … value, in place; NaN stays. Throws UsageError for a value below 0.
 * (torch.nn.utils.clip_grad_value_)
 */
export function clipGradValue(parameters: ClippedParameters, value: number): void {
  if (!(value >= 0)) throw new UsageError(`clipGradValue: value is ${value}, expected at least 0`);
  noGrad(() => {
    for (const gradient of gradientsOf(parameters))
      scope(() => update("assign", [gradient, F.minimum(F.maximum(gradient, -value), value)], {}));
  });
}
