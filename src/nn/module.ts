/**
 * The base of every layer and model: its parameters, buffers and children by name, its mode, its state dict.
 * Registration is explicit: `this.weight = this.parameter("weight", …)` gives the name that files use. Order and names
 * follow torch.nn.Module: a module's own parameters, then its buffers, then its children.
 */
import { copyValues } from "../ops/copy-values.js";
import type { Tensor } from "../tensor/tensor.js";
import { StateDictError } from "../util/errors.js";
import type { Parameter, ParameterRole } from "./parameter.js";
import { type StateDict, type StateDifference, type StateSpec, stateDictError } from "./state-dict.js";

interface Buffer extends StateSpec {
  readonly tensor: Tensor;
}

/**
 * The base of every layer and model (torch.nn.Module): parameters, buffers and children by the names that files use, the
 * mode, the state dict.
 *
 * @example
 * ```ts
 * class Residual extends nn.Module {
 *   readonly inner: nn.Linear;
 *   constructor(width: number) {
 *     super();
 *     this.inner = this.child("inner", new nn.Linear(width, width));
 *   }
 *   forward(x: Tensor): Tensor {
 *     return x.add(this.inner.forward(x).relu());
 *   }
 * }
 * console.log([...new Residual(8).namedParameters().keys()]); // ["inner.weight", "inner.bias"]
 * ```
 */
export abstract class Module {
  #parameters = new Map<string, Parameter>();
  #buffers = new Map<string, Buffer>();
  #children = new Map<string, Module>();
  #isTraining = true;

  /** x -> y; shapes are the subclass's own. */
  abstract forward(x: Tensor): Tensor;

  /** True after train(), where batch norms use and update batch statistics. A new module is in this mode. */
  get training(): boolean {
    return this.#isTraining;
  }

  train(isTraining = true): this {
    for (const module of this.namedModules().values()) module.#isTraining = isTraining;
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /** Registers a learned tensor, which gets requiresGrad; `fanIn` is for its initial values. */
  protected parameter(name: string, role: ParameterRole, tensor: Tensor, fanIn?: number): Tensor {
    this.#claim(name);
    tensor.requiresGrad = true;
    this.#parameters.set(name, { tensor, role, ...(fanIn !== undefined && { fanIn }) });
    return tensor;
  }

  /** Registers a tensor that is saved but not learned; an optional one may be missing from a state dict. */
  protected buffer(name: string, tensor: Tensor, { isOptional = false } = {}): Tensor {
    this.#claim(name);
    this.#buffers.set(name, { tensor, shape: tensor.shape, isOptional });
    return tensor;
  }

  /** Registers a module whose entries start with `name.`; the name may itself have dots. */
  protected child<M extends Module>(name: string, module: M): M {
    this.#claim(name);
    this.#children.set(name, module);
    return module;
  }

  /** Puts another module in the place of a registered child, which is disposed of; the order of entries stays. */
  protected replaceChild<M extends Module>(name: string, module: M): M {
    const old = this.#children.get(name);
    if (!old) throw new StateDictError(`${this.constructor.name}: there is no child "${name}" to replace`);
    this.#children.set(name, module.train(old.training));
    old.dispose();
    return module;
  }

  #claim(name: string): void {
    if (this.#parameters.has(name) || this.#buffers.has(name) || this.#children.has(name))
      throw new StateDictError(`${this.constructor.name}: the name "${name}" is registered twice`);
  }

  /** This module under "", then every module below it by its dotted name, parents first. */
  namedModules(prefix = ""): Map<string, Module> {
    const found = new Map<string, Module>([[prefix, this]]);
    for (const [name, child] of this.#children)
      for (const [path, module] of child.namedModules(prefix === "" ? name : `${prefix}.${name}`))
        found.set(path, module);
    return found;
  }

  /** Every parameter by its dotted name, in the order of the state dict. */
  namedParameters(): Map<string, Parameter> {
    return this.#collect((module) => module.#parameters);
  }

  /** Every buffer by its dotted name, in the order of the state dict. */
  namedBuffers(): Map<string, Tensor> {
    return new Map([...this.#collect((module) => module.#buffers)].map(([name, { tensor }]) => [name, tensor]));
  }

  #collect<T>(own: (module: Module) => ReadonlyMap<string, T>): Map<string, T> {
    const found = new Map<string, T>();
    for (const [path, module] of this.namedModules())
      for (const [name, value] of own(module)) found.set(path === "" ? name : `${path}.${name}`, value);
    return found;
  }

  /** The live tensors of all parameters and buffers, in the engine's layouts; io converts them for files. */
  stateDict(): Map<string, Tensor> {
    return this.#collect(
      (module) => new Map([...module.#parameters, ...module.#buffers].map(([name, { tensor }]) => [name, tensor])),
    );
  }

  /**
   * Copies values in by name, converting float dtypes. Strict: throws StateDictError listing every missing, unexpected
   * and misshapen entry before anything is written. Only num_batches_tracked may be missing.
   */
  loadStateDict(dict: StateDict): void {
    const expected = new Map<string, StateSpec>(this.#collect((module) => module.#parametersAndBuffers()));
    const error = stateDictError(expected, dict, "loadStateDict", (difference) => this.explain(difference));
    if (error) throw error;
    for (const [name, own] of this.stateDict()) {
      const given = dict.get(name);
      if (given) copyValues(own, given);
    }
  }

  /** What may be behind a state dict that does not fit, as a hint; a model that knows its forms overrides it. */
  explain(_difference: StateDifference): string | undefined {
    return undefined;
  }

  #parametersAndBuffers(): Map<string, StateSpec> {
    const own = [...this.#parameters].map(([name, { tensor }]) => [name, { shape: tensor.shape }] as const);
    return new Map<string, StateSpec>([...own, ...this.#buffers]);
  }

  /** Frees every parameter and buffer, with their gradients. The module cannot be used afterwards. */
  dispose(): void {
    for (const module of this.namedModules().values()) module.disposeOwn();
  }

  /** Frees what this module holds itself; a subclass with tensors that are not registered adds them. */
  protected disposeOwn(): void {
    for (const { tensor } of [...this.#parameters.values(), ...this.#buffers.values()]) {
      tensor.grad?.dispose();
      tensor.grad = null;
      tensor.dispose();
    }
  }
}
