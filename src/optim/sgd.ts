/**
 * Stochastic gradient descent with momentum and coupled weight decay (torch.optim.SGD; recipe.md 4.3). The arithmetic is
 * the update "sgd" of ops/spec; this file holds which parameter has which numbers.
 */

import type { Parameter } from "../nn/parameter.js";
import { persistent } from "../nn/parameter.js";
import { update } from "../ops/apply.js";
import { Scalar } from "../ops/scalar.js";
import { showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { StateDictError, UsageError } from "../util/errors.js";
import type { ParamGroup } from "./param-groups.js";

export interface SgdOptions {
  readonly lr: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Default 0. */
  readonly weightDecay?: number;
  /** Default 0. */
  readonly dampening?: number;
  /** Default false. */
  readonly nesterov?: boolean;
}

/** A group in use: schedules write lr and weightDecay before each step. */
export class SgdGroup {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** What the group started with: the base of its weight-decay schedule. */
  readonly baseWeightDecay: number;
  /** Read by each step, also by a compiled one. */
  readonly rates: { readonly lr: Scalar; readonly weightDecay: Scalar };

  constructor(name: string, parameters: ReadonlyMap<string, Parameter>, lr: number, weightDecay: number) {
    this.name = name;
    this.parameters = parameters;
    this.baseWeightDecay = weightDecay;
    this.rates = { lr: new Scalar(lr), weightDecay: new Scalar(weightDecay) };
  }

  get lr(): number {
    return this.rates.lr.value;
  }
  set lr(value: number) {
    this.rates.lr.value = value;
  }
  get weightDecay(): number {
    return this.rates.weightDecay.value;
  }
  set weightDecay(value: number) {
    this.rates.weightDecay.value = value;
  }
}

/** Momentum buffers of the parameters that have taken a step, by parameter name. */
export type SgdState = ReadonlyMap<string, Tensor>;

export class SGD {
  readonly groups: readonly SgdGroup[];
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly #velocities = new Map<string, Tensor>();
  readonly #started = new Set<string>();

  /**
   * Groups of parameters, or one map such as model.namedParameters(). Momentum buffers are made here, as zeros.
   * Throws UsageError for options that torch.optim.SGD refuses and for a parameter in two groups.
   */
  constructor(parameters: readonly ParamGroup[] | ReadonlyMap<string, Parameter>, options: SgdOptions) {
    const { lr, momentum = 0, weightDecay = 0, dampening = 0, nesterov = false } = options;
    for (const [name, value] of Object.entries({ lr, momentum, weightDecay }))
      if (!(value >= 0)) throw new UsageError(`SGD: ${name} is ${value}, expected at least 0`);
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw new UsageError(
        `SGD: nesterov with momentum ${momentum} and dampening ${dampening}, expected a momentum and no dampening`,
      );
    this.momentum = momentum;
    this.dampening = dampening;
    this.nesterov = nesterov;
    const groups = Array.isArray(parameters)
      ? (parameters as readonly ParamGroup[])
      : [{ name: "parameters", parameters: parameters as ReadonlyMap<string, Parameter> }];
    this.groups = groups.map(
      (group: ParamGroup) =>
        new SgdGroup(group.name, group.parameters, group.lr ?? lr, group.weightDecay ?? weightDecay),
    );
    for (const [name, { tensor }] of this.#parameters()) {
      if (this.#velocities.has(name)) throw new UsageError(`SGD: parameter ${name} is in two groups`);
      this.#velocities.set(name, persistent(tensor.shape, tensor.dtype as "float32" | "float64"));
    }
  }

  *#parameters(): Iterable<[string, Parameter]> {
    for (const group of this.groups) yield* group.parameters;
  }

  /** Moves every parameter that has a gradient. */
  step(): void {
    const { momentum, dampening, nesterov } = this;
    for (const { parameters, rates } of this.groups) {
      const attrs = { ...rates, momentum, dampening: momentum === 0 ? 0 : dampening, nesterov, isFirst: false, maximize: false };
      for (const [name, { tensor }] of parameters) {
        if (!tensor.grad) continue;
        // zeros stand for "no step yet" unless dampening tells the first step apart
        const isFirst = dampening !== 0 && !this.#started.has(name);
        update("sgd", [tensor, this.#velocities.get(name)!, tensor.grad], isFirst ? { ...attrs, isFirst } : attrs);
        this.#started.add(name);
      }
    }
  }

  /** Frees the gradients. */
  zeroGrad(): void {
    for (const [, { tensor }] of this.#parameters()) {
      tensor.grad?.dispose();
      tensor.grad = null;
    }
  }

  /** The live momentum buffers of the parameters that have taken a step. */
  state(): SgdState {
    return new Map([...this.#velocities].filter(([name]) => this.#started.has(name)));
  }

  /** Copies buffers in; parameters without one start afresh. Throws StateDictError for a name or shape that is not here. */
  loadState(state: SgdState): void {
    for (const [name, given] of state) {
      const own = this.#velocities.get(name);
      if (!own) throw new StateDictError(`SGD: the state has a buffer for ${name}, which is not a parameter here`);
      if (!own.hasShape(given.shape))
        throw new StateDictError(
          `SGD: the buffer of ${name} is ${showShape(given.shape)}, expected ${showShape(own.shape)}`,
        );
    }
    this.#started.clear();
    for (const [name, own] of this.#velocities) {
      const given = state.get(name);
      if (!given) update("fill", [own], { value: 0 });
      else {
        this.#started.add(name);
        if (given === own) continue;
        if (given.backend === own.backend && given.dtype === own.dtype) update("assign", [own, given], {});
        else own.write(given.dataSync());
      }
    }
  }

  /** Frees the momentum buffers. */
  dispose(): void {
    for (const velocity of this.#velocities.values()) velocity.dispose();
  }
}
