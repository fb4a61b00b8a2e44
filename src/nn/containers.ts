/**
 * Lists and dictionaries of modules and parameters (torch.nn.ModuleList, ModuleDict, ParameterList). An array in a field does
 * as a list; these print as PyTorch's do, and may be handed on.
 */
import type { Tensor } from "../tensor/tensor.js";
import { UsageError } from "../util/errors.js";
import { Module } from "./module.js";
import { declarationOf, parameter } from "./parameter.js";

abstract class Container extends Module {
  forward(): never {
    throw new UsageError(
      `${this.constructor.name}: it has no forward, expected one in the module that holds it`,
      "a Sequential runs its modules one after another",
    );
  }
}

/**
 * Modules by their place (torch.nn.ModuleList); entries of the state dict start with "0.", "1.", …. It is iterable.
 *
 * @example
 * ```ts
 * const layers = new nn.ModuleList([new nn.Linear(2, 4), new nn.Linear(4, 2)]);
 * let x = ones([1, 2]);
 * for (const layer of layers) x = layer.forward(x);
 * console.log(layers.length, x.shape); // 2 [1, 2]
 * ```
 */
export class ModuleList<M extends Module<unknown> = Module> extends Container {
  readonly #modules: M[] = [];

  constructor(modules: Iterable<M> = []) {
    super();
    for (const module of modules) this.append(module);
  }

  get length(): number {
    return this.#modules.length;
  }

  /** Adds a module at the end. */
  append(module: M): this {
    this.#modules.push(this.child(String(this.length), module));
    return this;
  }

  /** The module at a place; negative ones count from the end. */
  at(place: number): M {
    const module = this.#modules.at(place);
    if (!module)
      throw new UsageError(`ModuleList: there is no module ${place}, expected ${-this.length} to ${this.length - 1}`);
    return module;
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.#modules.values();
  }
}

/** Modules by name (torch.nn.ModuleDict); entries of the state dict start with the name. It is iterable, in order. */
export class ModuleDict<M extends Module<unknown> = Module> extends Container {
  readonly #modules = new Map<string, M>();

  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [string, M]> = {}) {
    super();
    const entries = Symbol.iterator in modules ? modules : Object.entries(modules);
    for (const [name, module] of entries as Iterable<readonly [string, M]>) this.set(name, module);
  }

  /** Adds a module. Throws StateDictError for a name that is there. */
  set(name: string, module: M): this {
    this.#modules.set(name, this.child(name, module));
    return this;
  }

  has(name: string): boolean {
    return this.#modules.has(name);
  }

  /** Throws UsageError for a name that is not there. */
  get(name: string): M {
    const module = this.#modules.get(name);
    if (!module) throw new UsageError(`ModuleDict: there is no "${name}", expected ${[...this.keys()].join(", ")}`);
    return module;
  }

  keys(): IterableIterator<string> {
    return this.#modules.keys();
  }

  values(): IterableIterator<M> {
    return this.#modules.values();
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.#modules.entries();
  }
}

/** Parameters by their place (torch.nn.ParameterList). It is iterable. */
export class ParameterList extends Container {
  readonly #tensors: Tensor[] = [];

  constructor(tensors: Iterable<Tensor> = []) {
    super();
    for (const tensor of tensors) this.append(tensor);
  }

  get length(): number {
    return this.#tensors.length;
  }

  /** Adds a tensor at the end, which is learned from now on. */
  append(tensor: Tensor): this {
    const declared = declarationOf(tensor);
    const role = declared?.kind === "parameter" ? declared.role : "other";
    this.parameter(String(this.length), role, parameter(tensor, role));
    this.#tensors.push(tensor);
    return this;
  }

  [Symbol.iterator](): IterableIterator<Tensor> {
    return this.#tensors.values();
  }
}
