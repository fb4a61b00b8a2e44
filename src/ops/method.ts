/**
 * How functions become methods: x.relu() is relu(x). Those of all tensors stand in methods.ts; what few programs need brings its
 * methods with its functions, so that a bundle has them only where it has these.
 */
import { Tensor } from "../tensor/tensor.js";

type Rest<F, X> = F extends (x: X, ...rest: infer R) => infer Y ? (...rest: R) => Y : never;
/** Functions of an X as methods of it. Mapped over a module, not over a table: editors then show docstrings on hover. */
export type AsMethods<Functions, X = Tensor> = { readonly [K in keyof Functions]: Rest<Functions[K], X> };

type AnyFunction = (x: Tensor, ...rest: unknown[]) => unknown;

/** Gives tensors the functions as methods of their names. */
export function installMethods(functions: object): void {
  for (const [name, fn] of Object.entries(functions) as [string, AnyFunction][])
    Object.defineProperty(Tensor.prototype, name, {
      configurable: true,
      value(this: Tensor, ...rest: unknown[]) {
        return fn(this, ...rest);
      },
    });
}
