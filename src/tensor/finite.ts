/**
 * What counts as a number to go on with: neither NaN nor ±∞. The certificate, the trainer, files, evaluation, prediction
 * and export ask here before they answer or write.
 */
import { isFloat, type TypedArray } from "./dtype.js";
import type { Shape } from "./shape.js";
import type { Tensor } from "./tensor.js";

/** Values with their shape, on the host. */
interface HostValues {
  readonly shape: Shape;
  readonly values: TypedArray;
}

/** The first value that is not finite, and how many there are in all that was looked at. */
export interface NonFinite {
  readonly name: string;
  /** Along each axis, from 0. */
  readonly position: readonly number[];
  readonly value: number;
  readonly nans: number;
  readonly infinities: number;
  /** Tensors that hold at least one. */
  readonly tensors: number;
}

/** Half a step above the largest float32: from here on a double rounds to infinity. */
const FLOAT32_OVERFLOW = 2 ** 128 - 2 ** 103;
/** What finite values lie below, in size. */
const limits = { float32: FLOAT32_OVERFLOW, float64: Number.POSITIVE_INFINITY } as const;

/** Index of the first value from `from` on that is not below `limit` in size; −1 where there is none. */
function indexOfNonFinite(values: TypedArray, from: number, limit: number): number {
  for (let i = from; i < values.length; i++) if (!(values[i]! < limit && values[i]! > -limit)) return i;
  return -1;
}

/** Whether all of `values` are finite; integers always are. */
export const areFinite = (values: TypedArray): boolean => indexOfNonFinite(values, 0, limits.float64) < 0;

/** Gathers what is found, tensor by tensor. */
class Search {
  readonly #limit: number;
  #first: Pick<NonFinite, "name" | "position" | "value"> | null = null;
  #nans = 0;
  #infinities = 0;
  #tensors = 0;

  constructor(as: keyof typeof limits) {
    this.#limit = limits[as];
  }

  look(name: string, shape: Shape, values: TypedArray): void {
    if (!(values instanceof Float32Array || values instanceof Float64Array)) return;
    let at = indexOfNonFinite(values, 0, this.#limit);
    if (at < 0) return;
    this.#tensors++;
    this.#first ??= { name, position: positionOf(at, shape), value: values[at]! };
    for (; at >= 0; at = indexOfNonFinite(values, at + 1, this.#limit))
      if (Number.isNaN(values[at])) this.#nans++;
      else this.#infinities++;
  }

  get result(): NonFinite | null {
    const [nans, infinities, tensors] = [this.#nans, this.#infinities, this.#tensors];
    return this.#first && { ...this.#first, nans, infinities, tensors };
  }
}

function positionOf(index: number, shape: Shape): number[] {
  const position: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    position.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return position;
}

/**
 * The first NaN or ±∞ in named values, in their order; null where all are finite. `as` float32 counts doubles that a
 * float32 cannot hold as infinite.
 */
export function findNonFinite(
  entries: Iterable<readonly [name: string, values: HostValues]>,
  { as = "float64" }: { readonly as?: keyof typeof limits } = {},
): NonFinite | null {
  const search = new Search(as);
  for (const [name, { shape, values }] of entries) search.look(name, shape, values);
  return search.result;
}

/** The same of tensors, wherever they lie. */
export async function findNonFiniteTensor(
  tensors: Iterable<readonly [name: string, tensor: Tensor]>,
): Promise<NonFinite | null> {
  const search = new Search("float64");
  // a view holds until the next allocation, and is scanned at once
  for (const [name, tensor] of tensors)
    if (isFloat(tensor.dtype)) search.look(name, tensor.shape, tensor.view() ?? (await tensor.data()));
  return search.result;
}

/** "head.fc.weight[3, 0] is NaN (with 2 more NaN and 1 infinite value in 2 tensors)". */
export function showNonFinite({ name, position, value, nans, infinities, tensors }: NonFinite): string {
  const place = position.length > 0 ? `[${position.join(", ")}]` : "";
  const shown = Number.isFinite(value) ? `${value}, beyond float32,` : String(value);
  const total = nans + infinities;
  const where = tensors > 1 ? ` in ${tensors} tensors` : "";
  return `${name}${place} is ${shown}${total > 1 ? ` (in all ${nans} NaN and ${infinities} infinite${where})` : ""}`;
}
