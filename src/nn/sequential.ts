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
