/**
 * Scopes: every tensor made inside one is freed at its end, except what the function returns and what called keep().
 * What autograd saved for backward stays alive through its own references.
 */
import { UsageError } from "../util/errors.js";

export interface Scoped {
  dispose(): void;
  /** The open scope that frees it, and its place there; written here alone. */
  scope: Scope | null;
  scopeIndex: number;
}

/** What was made inside, in order; null where it was freed or moved since. */
type Scope = (Scoped | null)[];

let current: Scope | null = null;

export function registerInScope(tensor: Scoped): void {
  if (!current) return;
  tensor.scope = current;
  tensor.scopeIndex = current.length;
  current.push(tensor);
}

export function removeFromScope(tensor: Scoped): void {
  if (!tensor.scope) return;
  tensor.scope[tensor.scopeIndex] = null;
  tensor.scope = null;
}

const isScoped = (value: object): value is Scoped => typeof (value as Partial<Scoped>).dispose === "function";

/** Every tensor that `value` holds: itself, or in arrays, maps, sets and plain objects, however deep. */
export function tensorsIn(value: unknown): readonly Scoped[] {
  const found: Scoped[] = [];
  collect(value, found, null);
  return found;
}

/** `seen`: containers around `value`; null at the top, where most calls end. */
function collect(value: unknown, found: Scoped[], seen: Set<object> | null): void {
  if (value === null || typeof value !== "object") return;
  if (isScoped(value)) {
    found.push(value);
    return;
  }
  const items = itemsOf(value);
  if (!items || seen?.has(value)) return;
  let inner = seen;
  for (const item of items) {
    if (item === null || typeof item !== "object") continue;
    if (isScoped(item)) found.push(item);
    else {
      inner ??= new Set();
      inner.add(value);
      collect(item, found, inner);
    }
  }
}

function itemsOf(value: object): Iterable<unknown> | null {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return value.values();
  return Object.getPrototypeOf(value) === Object.prototype ? Object.values(value) : null;
}

/** Promises of values that were asked for while their tensor was there: they need nothing of a scope any more. */
const reads = new WeakSet<object>();

/** Lets scopes return this promise. */
export function noteRead<T>(values: Promise<T>): Promise<T> {
  reads.add(values);
  return values;
}

const HINT =
  "scope(() => …) around what computes, await behind it: const values = await scope(() => f(x).data()), or await Promise.all(scope(() => [a.data(), b.data()]))";

const asynchronous = (what: string): UsageError =>
  new UsageError(`scope: ${what}, expected one that is over when it returns: a scope does not follow an await`, HINT);

/** Throws UsageError for a function that goes on after it has returned. */
function expectSynchronous(body: () => unknown): void {
  // plain functions have no tag; this is asked at every layer of a model
  const tag: unknown = (body as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  if (typeof tag === "string" && /^Async|Generator/.test(tag))
    throw asynchronous(tag.startsWith("Async") ? "the function is asynchronous" : "the function is a generator");
}

/** Throws UsageError for a promise of anything but values of a tensor. */
function expectOver(result: unknown): void {
  if (!(result instanceof Promise) || reads.has(result)) return;
  // what it was doing may fail now, and nobody else waits for it
  result.catch(() => {});
  throw asynchronous("the function returned a promise");
}

/**
 * Runs `body` and frees the tensors it made, except those it returns (they move to the enclosing scope).
 * Synchronous only: a scope does not follow an await. Throws UsageError for an asynchronous function or a generator, before it
 * runs, and for one that returns a promise other than x.data().
 *
 * @example
 * ```ts
 * const total = scope(() => {
 *   const squares = arange(4).square(); // freed on the way out
 *   return squares.sum();
 * });
 * console.log(total.item()); // 14
 * ```
 */
export function scope<T>(body: () => T): T {
  expectSynchronous(body);
  const own: Scope = [];
  const parent = current;
  current = own;
  try {
    const result = body();
    current = parent;
    expectOver(result);
    if (result !== undefined && own.length > 0)
      for (const tensor of tensorsIn(result)) {
        if (tensor.scope !== own) continue;
        removeFromScope(tensor);
        registerInScope(tensor);
      }
    return result;
  } finally {
    current = parent;
    for (const tensor of own) tensor?.dispose();
  }
}
