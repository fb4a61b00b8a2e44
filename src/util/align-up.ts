/** The least multiple of `step` that is not below `value`; both are counts or bytes. */
export const alignUp = (value: number, step: number): number => Math.ceil(value / step) * step;
