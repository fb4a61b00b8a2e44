/**
 * Scopes: every tensor made inside one is freed at its end, except what the function returns and what called keep().
 * What autograd saved for backward stays alive through its own references.
 */
interface Disposable_ {
  dispose(): void;
}

let current: Set<Disposable_> | null = null;
const parents = new Map<Set<Disposable_>, Set<Disposable_> | null>();

export function registerInScope(tensor: Disposable_): void {
  current?.add(tensor);
}

export function removeFromScope(tensor: Disposable_): void {
  for (let scope = current; scope !== null; scope = parents.get(scope) ?? null) if (scope.delete(tensor)) return;
}

/** Every tensor that `value` holds: itself, or in arrays, maps, sets and plain objects, however deep. */
export function* tensorsIn(value: unknown, seen = new Set<object>()): Iterable<Disposable_> {
  if (value === null || typeof value !== "object" || seen.has(value)) return;
  seen.add(value);
  if (typeof (value as Partial<Disposable_>).dispose === "function") yield value as Disposable_;
  else if (Array.isArray(value) || value instanceof Set) for (const item of value) yield* tensorsIn(item, seen);
  else if (value instanceof Map) for (const item of value.values()) yield* tensorsIn(item, seen);
  else if (Object.getPrototypeOf(value) === Object.prototype)
    for (const item of Object.values(value)) yield* tensorsIn(item, seen);
}

/**
 * Runs `body` and frees the tensors it made, except those it returns (they move to the enclosing scope).
 * Synchronous only: a scope does not follow an await.
 */
export function scope<T>(body: () => T): T {
  const own = new Set<Disposable_>();
  const parent = current;
  parents.set(own, parent);
  current = own;
  try {
    const result = body();
    for (const tensor of tensorsIn(result)) if (own.delete(tensor)) parent?.add(tensor);
    return result;
  } finally {
    current = parent;
    for (const tensor of own) tensor.dispose();
    parents.delete(own);
  }
}
