/**
 * A number that changes between steps, such as a learning rate. Updates take it in place of a plain number; a compiled
 * step then reads it anew at each replay instead of keeping the value it was recorded with.
 */
export class Scalar {
  constructor(public value: number) {}
}

export type Numeric = number | Scalar;

/** The same attributes with every Scalar replaced by its value now. */
export type Resolved<A> = { readonly [K in keyof A]: A[K] extends Numeric ? number : A[K] };

export const scalarsOf = (attrs: object): Scalar[] =>
  Object.values(attrs).filter((value): value is Scalar => value instanceof Scalar);

export const hasScalar = (attrs: object): boolean => Object.values(attrs).some((value) => value instanceof Scalar);

export const resolveScalars = <A extends object>(attrs: A): Resolved<A> =>
  (hasScalar(attrs)
    ? Object.fromEntries(Object.entries(attrs).map(([k, v]) => [k, v instanceof Scalar ? v.value : v]))
    : attrs) as Resolved<A>;
