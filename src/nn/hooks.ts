/**
 * Functions that are called with what a module gives (register_forward_hook of torch.nn.Module). A module that has some carries
 * a `forward` of its own, in front of its class's; one without pays nothing.
 */
import type { Tensor } from "../tensor/tensor.js";

/** Called after forward with its arguments and its output; what it returns, if anything, takes the output's place. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is the usual one
export type ForwardHook<M, Y> = (module: M, inputs: readonly unknown[], output: Y) => Y | undefined | void;

/** What ends a hook. */
export interface HookHandle {
  remove(): void;
}

interface Hooked<Y> {
  forward(x: Tensor, ...rest: never[]): Y;
}

type AnyHook = (module: never, inputs: readonly unknown[], output: never) => unknown;

const hooksOf = new WeakMap<object, Set<AnyHook>>();

/** Puts `hook` behind forward, after those that are there. */
export function addForwardHook<Y, M extends Hooked<Y>>(module: M, hook: ForwardHook<M, Y>): HookHandle {
  const own = hooksOf.get(module) ?? listen<Y, M>(module);
  // an entry of its own, so that one function can be registered twice
  const entry: AnyHook = (...args) => hook(...args);
  own.add(entry);
  return { remove: () => void own.delete(entry) };
}

function listen<Y, M extends Hooked<Y>>(module: M): Set<AnyHook> {
  const hooks = new Set<AnyHook>();
  const inner = module.forward as (...args: unknown[]) => Y;
  Object.defineProperty(module, "forward", {
    configurable: true,
    writable: true,
    value(...inputs: unknown[]): Y {
      let output = inner.apply(module, inputs);
      for (const hook of [...hooks] as unknown as ForwardHook<M, Y>[]) output = hook(module, inputs, output) ?? output;
      return output;
    },
  });
  hooksOf.set(module, hooks);
  return hooks;
}
