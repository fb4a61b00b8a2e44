/**
 * Samples to a batch, on the host: numbers, arrays and tensors get a first axis of samples, arrays and objects of them are collated
 * place by place (torch.utils.data.default_collate). What is none of these, such as text, becomes a list.
 */
import { tensor } from "../../tensor/create.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { sameShape, showShape } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";
import { DataError } from "../../util/errors.js";

/** What the default collate makes of samples of type S. */
export type Collated<S> = S extends number | boolean | bigint | Tensor | ArrayBufferView
  ? Tensor
  : S extends string
    ? readonly string[]
    : S extends readonly unknown[]
      ? { readonly [K in keyof S]: Collated<S[K]> }
      : S extends object
        ? { readonly [K in keyof S]: Collated<S[K]> }
        : readonly S[];

type NumberArray = TypedArray | Float32Array | Float64Array;
const isNumbers = (value: unknown): value is NumberArray => ArrayBuffer.isView(value) && !(value instanceof DataView);

const wordFor = (value: unknown): string =>
  value instanceof Tensor ? `a tensor ${showShape(value.shape)}` : value === null ? "null" : typeof value;

function unequal(place: string, first: string, i: number, other: string): DataError {
  return new DataError(
    `DataLoader: sample 0 has ${first}${place}, sample ${i} ${other}, expected one form for a batch`,
    "crop or pad the samples to one size, or give collate",
  );
}

async function stackTensors(samples: readonly unknown[], place: string): Promise<Tensor> {
  const tensors = samples as readonly Tensor[];
  const { shape, dtype, size } = tensors[0]!;
  const odd = tensors.findIndex((x) => !(x instanceof Tensor) || !sameShape(x.shape, shape) || x.dtype !== dtype);
  if (odd > 0) throw unequal(place, `${dtype} ${showShape(shape)}`, odd, wordFor(samples[odd]));
  const rows = await Promise.all(tensors.map((x) => x.data()));
  return tensor(joined(rows, size), [samples.length, ...shape], { dtype });
}

function joined(rows: readonly NumberArray[], size: number): TypedArray {
  const first = rows[0]!;
  const values = new (first.constructor as new (length: number) => TypedArray)(rows.length * size);
  for (const [i, row] of rows.entries()) values.set(row as never, i * size);
  return values;
}

/** Whole numbers are int64 for torch; class labels are what they are here, which losses take as int32. */
function numbersToTensor(samples: readonly number[]): Tensor {
  const isWhole = samples.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31);
  return tensor(isWhole ? Int32Array.from(samples) : Float32Array.from(samples), [samples.length]);
}

/** `place` says where in a sample, for errors. Throws DataError for samples that do not fit together. */
async function collateAt(samples: readonly unknown[], place: string): Promise<unknown> {
  const [first] = samples;
  if (first instanceof Tensor) return stackTensors(samples, place);
  if (isNumbers(first)) {
    const odd = samples.findIndex(
      (x) => !isNumbers(x) || x.length !== first.length || x.constructor !== first.constructor,
    );
    if (odd > 0) throw unequal(place, `${first.length} numbers`, odd, wordFor(samples[odd]));
    return tensor(joined(samples as readonly NumberArray[], first.length), [samples.length, first.length]);
  }
  if (typeof first === "number" || typeof first === "boolean" || typeof first === "bigint") {
    const odd = samples.findIndex((x) => typeof x !== typeof first);
    if (odd > 0) throw unequal(place, `a ${typeof first}`, odd, wordFor(samples[odd]));
    if (typeof first === "number") return numbersToTensor(samples as readonly number[]);
    return tensor(samples as readonly boolean[] | readonly bigint[]);
  }
  if (typeof first !== "object" || first === null) return samples;
  const keys = Object.keys(first);
  const odd = samples.findIndex((x) => typeof x !== "object" || x === null || Object.keys(x).join() !== keys.join());
  if (odd > 0) throw unequal(place, `the parts ${keys.join(", ")}`, odd, wordFor(samples[odd]));
  const parts = await Promise.all(
    keys.map((key) => {
      const column = samples.map((x) => (x as Readonly<Record<string, unknown>>)[key]);
      return collateAt(column, `${place} at ${key}`);
    }),
  );
  return Array.isArray(first) ? parts : Object.fromEntries(keys.map((key, i) => [key, parts[i]]));
}

/** The default collate: [S, …] -> a batch of them. Throws DataError for samples of different shapes, dtypes or parts. */
export const collate = async <S>(samples: readonly S[]): Promise<Collated<S>> =>
  (await collateAt(samples, "")) as Collated<S>;
