/**
 * Modules one after another. Each intermediate is freed as soon as its consumer ran: autograd keeps what it needs.
 */
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";

/** Runs x through the modules in order and frees what lies between; x itself, the result and kept tensors stay. */
export function chain(modules: Iterable<Module>, x: Tensor): Tensor {
  let current = x;
  for (const module of modules) {
    const next = module.forward(current);
    if (current !== x && current !== next && !current.isKept) current.dispose();
    current = next;
  }
  return current;
}

/**
 * Modules one after another (torch.nn.Sequential); what lies between two of them is freed as soon as it was used.
 *
 * @example
 * ```ts
 * const model = new nn.Sequential(
 *   new nn.Conv2d(1, 8, { kernelSize: 3, padding: 1 }),
 *   new nn.ReLU(),
 *   new nn.GlobalAvgPool(),
 *   new nn.Linear(8, 10),
 * );
 * console.log(model.forward(rand([2, 28, 28, 1])).shape); // [2, 10]
 * ```
 */
export class Sequential extends Module {
  readonly modules: readonly Module[];

  /** Entries of the state dict are named "0.…", "1.…", as torch.nn.Sequential does. */
  constructor(...modules: readonly Module[]) {
    super();
    this.modules = modules;
    modules.forEach((module, i) => {
      this.child(String(i), module);
    });
  }

  forward(x: Tensor): Tensor {
    return chain(this.modules, x);
  }
}
