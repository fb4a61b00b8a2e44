/**
 * What all optimisers are: groups of parameters with rates of their own, a step, and a state for checkpoints. The machinery is
 * here; an optimiser adds its options and its rule, which names what it keeps for each parameter and the update it makes.
 */
import { type Parameter, persistent } from "../nn/parameter.js";
import { update } from "../ops/apply.js";
import { copyValues } from "../ops/copy-values.js";
import { Scalar } from "../ops/scalar.js";
import type { UpdateAttrs, UpdateName } from "../ops/spec/index.js";
import { showShape } from "../tensor/shape.js";
import { storageTracer } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { StateDictError, UsageError } from "../util/errors.js";
import { expectDistinct, groupsOf, type OptimizedParameters, type ParamGroup } from "./param-groups.js";

export type { OptimizedParameters } from "./param-groups.js";

/** The numbers of a group that move between steps. */
export interface GroupRates {
  readonly lr: Scalar;
  readonly weightDecay: Scalar;
}

/** A group in use: schedules write lr and weightDecay before each step. */
export class OptimizerGroup {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** What the group started with: the bases of its schedules. */
  readonly baseLr: number;
  readonly baseWeightDecay: number;
  /** Read by each step, also by a compiled one. */
  readonly rates: GroupRates;

  constructor(name: string, parameters: ReadonlyMap<string, Parameter>, lr: number, weightDecay: number) {
    this.name = name;
    this.parameters = parameters;
    this.baseLr = lr;
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

/** How an optimiser moves one parameter; `A` are the attributes that all parameters of a group share at one step. */
export interface UpdateRule<A extends object = object> {
  /** Names of the tensors kept for each parameter: its shape and dtype, zeros before its first update. */
  readonly slots: readonly string[];
  /** Whether an update depends on how many came before it: the state of such an optimiser holds their count. */
  readonly countsSteps: boolean;
  /** `step` counts the updates of a parameter from 1. */
  attrsOf(rates: GroupRates, step: number): A;
  /** Writes over the parameter and its slots; `operands` are the parameter, its slots in their order, its gradient. */
  move(operands: readonly Tensor[], attrs: A): void;
}

/** The rule whose arithmetic is one update of ops/spec; `run` is the door to it (src/chapters). */
export const fusedRule = <K extends UpdateName>(
  run: (op: K, operands: readonly Tensor[], attrs: UpdateAttrs<K>) => void,
  op: K,
  rule: Omit<UpdateRule<UpdateAttrs<K>>, "move">,
): UpdateRule<UpdateAttrs<K>> => ({ ...rule, move: (operands, attrs) => run(op, operands, attrs) });

/** What an optimiser knows of the parameters that have taken a step. */
export interface OptimizerState {
  /** The live tensors: slot, then parameter. */
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, Tensor>>;
  /** How many updates each parameter has had; empty where no update depends on that. */
  readonly steps: ReadonlyMap<string, number>;
}

/** Throws UsageError for the first of `values` that is not a number of at least 0. */
export function expectNotNegative(optimizer: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= 0)) throw new UsageError(`${optimizer}: ${name} is ${value}, expected at least 0`);
}

/**
 * The base of every optimiser: groups of parameters with their rates, step(), and the tensors that an update rule keeps.
 */
export class Optimizer {
  readonly groups: readonly OptimizerGroup[];
  readonly #name: string;
  readonly #rule: UpdateRule;
  /** By parameter, in the order of the rule's slots. */
  readonly #slots = new Map<string, readonly Tensor[]>();
  /** Updates of the parameters that have had one. */
  readonly #steps = new Map<string, number>();

  /** The slots are made here. Throws UsageError for rates below 0, for a parameter in two groups and for none at all. */
  constructor(
    name: string,
    parameters: OptimizedParameters,
    { lr, weightDecay }: { readonly lr: number; readonly weightDecay: number },
    rule: UpdateRule,
  ) {
    this.#name = name;
    this.#rule = rule;
    this.groups = groupsOf(name, parameters).map((group: ParamGroup) => {
      const rates = { lr: group.lr ?? lr, weightDecay: group.weightDecay ?? weightDecay };
      expectNotNegative(name, rates);
      return new OptimizerGroup(group.name, group.parameters, rates.lr, rates.weightDecay);
    });
    expectDistinct(name, [...this.#parameters()]);
    for (const [parameter, { tensor }] of this.#parameters()) {
      const dtype = tensor.dtype as "float32" | "float64";
      this.#slots.set(
        parameter,
        rule.slots.map(() => persistent(tensor.shape, dtype)),
      );
    }
  }

  *#parameters(): Iterable<[string, Parameter]> {
    for (const group of this.groups) yield* group.parameters;
  }

  /** Names of the tensors that are kept for each parameter. */
  get slots(): readonly string[] {
    return this.#rule.slots;
  }

  /** Whether the state holds how many updates each parameter has had. */
  get countsSteps(): boolean {
    return this.#rule.countsSteps;
  }

  /** Moves every parameter that has a gradient. */
  step(): void {
    const moved: string[] = [];
    for (const { parameters, rates } of this.groups) {
      // parameters that are equally far share one object, which a compiled step compares once
      const attrsAt = new Map<number, object>();
      for (const [name, { tensor }] of parameters) {
        if (!tensor.grad) continue;
        const step = (this.#steps.get(name) ?? 0) + 1;
        const attrs = attrsAt.get(step) ?? this.#rule.attrsOf(rates, step);
        attrsAt.set(step, attrs);
        this.#rule.move([tensor, ...this.#slots.get(name)!, tensor.grad], attrs);
        this.#steps.set(name, step);
        moved.push(name);
      }
    }
    storageTracer()?.changed(() => this.#takeBack(moved));
  }

  /** Of a step that has not been made after all. */
  #takeBack(names: readonly string[]): void {
    for (const name of names) {
      const before = this.#steps.get(name)! - 1;
      if (before > 0) this.#steps.set(name, before);
      else this.#steps.delete(name);
    }
  }

  /** Frees the gradients. */
  zeroGrad(): void {
    for (const [, { tensor }] of this.#parameters()) {
      tensor.grad?.dispose();
      tensor.grad = null;
    }
  }

  /** The live slots and the counts of the parameters that have taken a step. */
  state(): OptimizerState {
    const { slots, countsSteps } = this.#rule;
    const started = [...this.#slots].filter(([name]) => this.#steps.has(name));
    return {
      slots: new Map(slots.map((slot, i) => [slot, new Map(started.map(([name, own]) => [name, own[i]!]))])),
      steps: new Map(countsSteps ? this.#steps : []),
    };
  }

  /**
   * Copies a state in; parameters without one start afresh. Throws StateDictError, before anything has changed, for a slot
   * or parameter that is not here, one that is missing, and another shape.
   */
  loadState(state: OptimizerState): void {
    const given = this.#expectFitting(state);
    this.#steps.clear();
    for (const [name, own] of this.#slots) {
      const tensors = given.get(name);
      for (const [i, tensor] of own.entries()) copyInto(tensor, tensors?.[i] ?? null);
      if (tensors) this.#steps.set(name, state.steps.get(name) ?? 1);
    }
  }

  /** The tensors of each parameter in the order of the slots. */
  #expectFitting({ slots, steps }: OptimizerState): Map<string, Tensor[]> {
    const known = this.#rule.slots;
    const refuse = (problem: string, hint?: string): never => {
      throw new StateDictError(`${this.#name}: the state ${problem}`, hint);
    };
    const odd = [...slots].find(([slot, tensors]) => tensors.size > 0 && !known.includes(slot));
    if (odd) refuse(`has ${odd[0]}, expected ${known.join(", ")}`, "load it into an optimizer with the same options");
    const names = new Set([...steps.keys(), ...[...slots.values()].flatMap((tensors) => [...tensors.keys()])]);
    const given = new Map<string, Tensor[]>();
    for (const name of names) {
      const own = this.#slots.get(name) ?? refuse(`has ${name}, which is not a parameter here`);
      const tensors = known.map((slot, i): Tensor => {
        const tensor = slots.get(slot)?.get(name) ?? refuse(`has no ${slot} of ${name}, expected ${known.join(", ")}`);
        if (!own[i]!.hasShape(tensor.shape))
          refuse(`has a ${slot} of ${name} that is ${showShape(tensor.shape)}, expected ${showShape(own[i]!.shape)}`);
        return tensor;
      });
      const count = steps.get(name);
      const isCount = Number.isSafeInteger(count) && count! >= 1;
      if (this.#rule.countsSteps && !isCount)
        refuse(`says ${count} updates of ${name}, expected a count of at least 1`);
      given.set(name, tensors);
    }
    return given;
  }

  /** Frees the slots. */
  dispose(): void {
    for (const own of this.#slots.values()) for (const tensor of own) tensor.dispose();
  }
}

/** Zeros where nothing is given. */
function copyInto(own: Tensor, given: Tensor | null): void {
  if (given === null) update("fill", [own], { value: 0 });
  else copyValues(own, given);
}
