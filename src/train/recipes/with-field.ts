/**
 * Fields that a recipe may have or not, changed so that a run that goes on writes the bytes that it would have written.
 */

/** `base` with a field, at its place where there was one, or without it. */
export function withField<T extends object, K extends keyof T>(base: T, name: K, value: T[K] | undefined): T {
  if (value !== undefined) return { ...base, [name]: value };
  const { [name]: _, ...rest } = base;
  return rest as T;
}
