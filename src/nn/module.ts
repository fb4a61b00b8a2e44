/**
 * The base of every layer and model: its parameters, buffers and children by name, its mode, its state dict. What fields hold
 * is registered under their names (fields.ts); `this.parameter("weight", …)`, `this.buffer(…)` and `this.child(…)` give the names of
 * files where these differ, and come first. Order and names follow torch.nn.Module: a module's own parameters, then its buffers,
 * then its children.
 */
import { copyValues } from "../ops/copy-values.js";
import type { Tensor } from "../tensor/tensor.js";
import { StateDictError } from "../util/errors.js";
import { heldBy } from "./fields.js";
import { addForwardHook, type ForwardHook, type HookHandle } from "./hooks.js";
import type { Parameter, ParameterRole } from "./parameter.js";
import { showModule } from "./repr.js";
import {
  compareStates,
  type LoadReport,
  reportOf,
  type StateDict,
  type StateDifference,
  type StateSpec,
  stateDictError,
} from "./state-dict.js";

interface Buffer extends StateSpec {
  readonly tensor: Tensor;
}

/** What a module holds itself, by name. */
interface Own {
  readonly parameters: Map<string, Parameter>;
  readonly buffers: Map<string, Buffer>;
  readonly children: Map<string, Module<unknown>>;
}

/** A module by its dotted name, with what it holds. */
type Place = readonly [path: string, module: Module<unknown>, own: Own];

const isModule = (value: unknown): value is Module<unknown> => value instanceof Module;
const joined = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/** The name under which Node looks for what console.log prints. */
const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/**
 * The base of every layer and model (torch.nn.Module). Modules, parameters and buffers in its fields, or in arrays in its fields,
 * are its own under the fields' names; #private fields are not seen. `Y` is what forward gives.
 *
 * @example
 * ```ts
 * class Net extends nn.Module {
 *   readonly blocks = [new nn.Linear(8, 8), new nn.Linear(8, 8)];
 *   readonly fc = new nn.Linear(8, 2);
 *   forward(x: Tensor): Tensor {
 *     for (const block of this.blocks) x = x.add(block.forward(x).relu());
 *     return this.fc.forward(x);
 *   }
 * }
 * const net = new Net();
 * console.log([...net.namedParameters().keys()].slice(0, 2)); // ["blocks.0.weight", "blocks.0.bias"]
 * console.log(`${net.fc}`); // Linear(inFeatures=8, outFeatures=2, bias=true)
 * ```
 */
export abstract class Module<Y = Tensor> {
  /** Registered by name. */
  readonly #named: Own = { parameters: new Map(), buffers: new Map(), children: new Map() };
  /** All that is, whatever its name. */
  readonly #known = new Set<unknown>();
  #isTraining = true;

  /** x -> y; shapes, and what else it takes, are the subclass's own. */
  abstract forward(x: Tensor, ...rest: never[]): Y;

  /** True after train(), where batch norms use and update batch statistics. A new module is in this mode. */
  get training(): boolean {
    return this.#isTraining;
  }

  train(isTraining = true): this {
    const modules = [...this.namedModules().values()];
    for (const module of modules) module.#isTraining = isTraining;
    for (const module of modules) module.modeChanged(isTraining);
    return this;
  }

  /** After train() or eval() of this module or one above it; what keeps a mode of its own puts it back here. */
  protected modeChanged(_isTraining: boolean): void {}

  eval(): this {
    return this.train(false);
  }

  /** Registers a learned tensor, which gets requiresGrad; `fanIn` is for its initial values. */
  protected parameter(name: string, role: ParameterRole, tensor: Tensor, fanIn?: number): Tensor {
    this.#claim(name, tensor);
    tensor.requiresGrad = true;
    this.#named.parameters.set(name, { tensor, role, ...(fanIn !== undefined && { fanIn }) });
    return tensor;
  }

  /** Registers a tensor that is saved but not learned; an optional one may be missing from a state dict. */
  protected buffer(name: string, tensor: Tensor, { isOptional = false } = {}): Tensor {
    this.#claim(name, tensor);
    this.#named.buffers.set(name, { tensor, shape: tensor.shape, isOptional });
    return tensor;
  }

  /** Registers a module whose entries start with `name.`; the name may itself have dots. */
  protected child<M extends Module<unknown>>(name: string, module: M): M {
    this.#claim(name, module);
    this.#named.children.set(name, module);
    return module;
  }

  /** Puts another module in the place of a registered child, which is disposed of; the order of entries stays. */
  protected replaceChild<M extends Module<unknown>>(name: string, module: M): M {
    const old = this.#named.children.get(name);
    if (!old) throw new StateDictError(`${this.constructor.name}: there is no child "${name}" to replace`);
    this.#named.children.set(name, module.train(old.training));
    this.#known.delete(old);
    this.#known.add(module);
    old.dispose();
    return module;
  }

  #claim(name: string, value: object): void {
    const { parameters, buffers, children } = this.#named;
    if (parameters.has(name) || buffers.has(name) || children.has(name))
      throw new StateDictError(`${this.constructor.name}: the name "${name}" is registered twice`);
    this.#known.add(value);
  }

  /** What is registered by name, then what fields hold. */
  #own(): Own {
    const fields = heldBy(this, isModule, this.#known);
    if (fields.length === 0) return this.#named;
    const own: Own = {
      parameters: new Map(this.#named.parameters),
      buffers: new Map(this.#named.buffers),
      children: new Map(this.#named.children),
    };
    // an array that lists what other fields hold gives no second name
    const alone = new Set<unknown>(fields.flatMap(({ value, isElement }) => (isElement ? [] : [value])));
    for (const { name, value, declaration, isElement } of fields) {
      if (isElement && alone.has(value)) continue;
      if (own.parameters.has(name) || own.buffers.has(name) || own.children.has(name))
        throw new StateDictError(
          `${this.constructor.name}: the field "${name}" holds something else than what is registered by that name`,
          `set the field only, or replaceChild("${name}", …)`,
        );
      if (value instanceof Module) own.children.set(name, value);
      else if (declaration!.kind === "parameter") own.parameters.set(name, { tensor: value, role: declaration!.role });
      else own.buffers.set(name, { tensor: value, shape: value.shape, isOptional: declaration!.isOptional });
    }
    return own;
  }

  /**
   * Every module by its dotted name, parents first, with what it holds. One that is held twice comes twice; one that holds an
   * ancestor, such as its parent, does not lead back to it.
   */
  #walk(path = "", above: readonly Module<unknown>[] = [], found: Place[] = []): Place[] {
    const own = this.#own();
    found.push([path, this, own]);
    if (own.children.size === 0) return found;
    const here = [...above, this];
    for (const [name, child] of own.children) if (!here.includes(child)) child.#walk(joined(path, name), here, found);
    return found;
  }

  /** This module under "", then every module below it by its dotted name, parents first; a shared one under its first name. */
  namedModules(): Map<string, Module<unknown>> {
    return unique(this.#walk().map(([path, module]) => [path, module, module]));
  }

  /** The modules that this one holds itself, by name. */
  namedChildren(): Map<string, Module<unknown>> {
    return unique([...this.#own().children].map(([name, child]) => [name, child, child]));
  }

  /** The modules that this one holds itself. */
  children(): Module<unknown>[] {
    return [...this.namedChildren().values()];
  }

  /**
   * Every parameter by its dotted name, in the order of the state dict; a shared one under its first name, or under all that the
   * state dict has.
   */
  namedParameters({ removeDuplicate = true }: { readonly removeDuplicate?: boolean } = {}): Map<string, Parameter> {
    const all = this.#entries(({ parameters }) => parameters);
    return removeDuplicate ? unique(all.map(([name, value]) => [name, value, value.tensor])) : new Map(all);
  }

  /** Every parameter once, for an optimiser. */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()].map(({ tensor }) => tensor);
  }

  /** Every buffer by its dotted name, in the order of the state dict; a shared one under its first name. */
  namedBuffers(): Map<string, Tensor> {
    return unique(this.#entries(({ buffers }) => buffers).map(([name, { tensor }]) => [name, tensor, tensor]));
  }

  /** Every buffer once. */
  buffers(): Tensor[] {
    return [...this.namedBuffers().values()];
  }

  #entries<T>(select: (own: Own) => Iterable<readonly [string, T]>): (readonly [string, T])[] {
    const found: (readonly [string, T])[] = [];
    for (const [path, , own] of this.#walk())
      for (const [name, value] of select(own)) found.push([joined(path, name), value]);
    return found;
  }

  /** Calls `visit` with every module below this one, then with this one (torch.nn.Module.apply). */
  apply(visit: (module: Module<unknown>) => void): this {
    // children before parents, as PyTorch's recursion does
    for (const module of postOrder(this)) visit(module);
    return this;
  }

  /** Whether backward() gives the parameters gradients (requires_grad_ of torch.nn.Module); buffers move all the same. */
  requiresGrad_(requiresGrad = true): this {
    for (const tensor of this.parameters()) tensor.requiresGrad = requiresGrad;
    return this;
  }

  /** requiresGrad_(false), without the gradients that are there: an optimiser then leaves the parameters alone. */
  freeze(): this {
    this.zeroGrad();
    return this.requiresGrad_(false);
  }

  /** Frees the gradients of all parameters. */
  zeroGrad(): void {
    for (const tensor of this.parameters()) {
      tensor.grad?.dispose();
      tensor.grad = null;
    }
  }

  /**
   * Calls `hook` after each forward(); what it returns, if anything, is the output from then on. In a compiled function it is called at
   * every call, with tensors whose values are not known yet.
   *
   * @example
   * ```ts
   * const layer = new nn.Linear(4, 2);
   * const handle = layer.registerForwardHook((_module, _inputs, output) => console.log(output.shape));
   * layer.forward(ones([3, 4])); // [3, 2]
   * handle.remove();
   * ```
   */
  registerForwardHook(hook: ForwardHook<this, Y>): HookHandle {
    return addForwardHook<Y, this>(this, hook);
  }

  /** The live tensors of all parameters and buffers, in the engine's layouts; io converts them for files. */
  stateDict(): Map<string, Tensor> {
    return new Map(
      this.#entries<{ readonly tensor: Tensor }>(({ parameters, buffers }) => [...parameters, ...buffers]).map(
        ([name, { tensor }]) => [name, tensor],
      ),
    );
  }

  /**
   * Copies values in by name, converting float dtypes. Strict: throws StateDictError listing every missing, unexpected
   * and misshapen entry before anything is written. Only num_batches_tracked may be missing. Not strict: copies what fits and
   * reports the rest.
   */
  loadStateDict(dict: StateDict, { strict = true }: { readonly strict?: boolean } = {}): LoadReport {
    const expected = new Map<string, StateSpec>(
      this.#entries<StateSpec>(({ parameters, buffers }) => [
        ...[...parameters].map(([name, { tensor }]) => [name, { shape: tensor.shape }] as const),
        ...buffers,
      ]),
    );
    if (strict) {
      const error = stateDictError(expected, dict, "loadStateDict", (difference) => this.explain(difference));
      if (error) throw error;
    }
    const report = reportOf(compareStates(expected, dict));
    const skipped = new Set(report.mismatched.map(({ name }) => name));
    for (const [name, own] of this.stateDict()) {
      const given = dict.get(name);
      if (given && !skipped.has(name)) copyValues(own, given);
    }
    return report;
  }

  /** What may be behind a state dict that does not fit, as a hint; a model that knows its forms overrides it. */
  explain(_difference: StateDifference): string | undefined {
    return undefined;
  }

  /** What stands between the brackets of toString(), without children. */
  extraRepr(): string {
    return "";
  }

  /** The module and all below it, as PyTorch prints them. */
  toString(): string {
    return showModule(this);
  }

  /** console.log prints what toString() gives. */
  [INSPECT](): string {
    return this.toString();
  }

  /** Frees every parameter and buffer, with their gradients. The module cannot be used afterwards. */
  dispose(): void {
    for (const module of this.namedModules().values()) module.disposeOwn();
  }

  /** Frees what this module holds itself; a subclass with tensors that are not registered adds them. */
  protected disposeOwn(): void {
    const { parameters, buffers } = this.#own();
    for (const { tensor } of [...parameters.values(), ...buffers.values()]) {
      tensor.grad?.dispose();
      tensor.grad = null;
      tensor.dispose();
    }
  }
}

/** The first entry of each identity. */
function unique<T>(entries: Iterable<readonly [name: string, value: T, identity: object]>): Map<string, T> {
  const seen = new Set<object>();
  const first = new Map<string, T>();
  for (const [name, value, identity] of entries) {
    if (seen.has(identity)) continue;
    seen.add(identity);
    first.set(name, value);
  }
  return first;
}

function* postOrder(module: Module<unknown>, seen = new Set<Module<unknown>>()): Generator<Module<unknown>> {
  if (seen.has(module)) return;
  seen.add(module);
  for (const child of module.children()) yield* postOrder(child, seen);
  yield module;
}
