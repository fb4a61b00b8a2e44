/**
 * PyTorch's storages and tensors: the table of storage classes, and the values that a view with offset and strides looks
 * at. A tensor is not trusted to fit its storage, nor to be as small as its file.
 */
import { sizeOf } from "../../tensor/shape.js";
import { CheckpointError } from "../../util/errors.js";
import { codes, type ElementCode, rowOf } from "../element-codes.js";
import { gather } from "../layout.js";
import type { StoredTensor } from "../safetensors.js";
import type { TorchTensor } from "./values.js";

/** torch.<name> of each element type. */
export const storageClasses = {
  F64: "DoubleStorage",
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
  I64: "LongStorage",
  I32: "IntStorage",
  I16: "ShortStorage",
  I8: "CharStorage",
  U8: "ByteStorage",
  BOOL: "BoolStorage",
} as const satisfies Readonly<Record<ElementCode, string>>;

const codeOfClass = new Map(
  Object.entries(storageClasses).map(([code, name]) => [name as string, code as ElementCode]),
);

/** The element type of a storage class such as "torch.FloatStorage"; undefined for quantised and complex ones. */
export const elementCodeOf = (className: string): ElementCode | undefined =>
  codeOfClass.get(className.replace(/^torch\.(cuda\.)?/, ""));

/** Above any tensor of a network; keeps a hostile shape from costing time. */
const LARGEST_RANK = 16;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= LARGEST_RANK && value.every(isCount);

/** Whether these are an offset, a shape and its strides. */
export const isViewGeometry = (offset: unknown, shape: unknown, strides: unknown): boolean =>
  isCount(offset) && isCounts(shape) && isCounts(strides) && shape.length === strides.length;

/** How much values may grow over their file: half precision doubles, small integers quadruple, storages are shared. */
const GROWTH = 8;
const ALWAYS_ALLOWED = 1 << 20;

/** Turns the tensors of one file into values, within what a file of its size can stand for. */
export class TensorReader {
  #bytesLeft: number;
  readonly #where: string;

  constructor(fileBytes: number, where: string) {
    this.#bytesLeft = GROWTH * fileBytes + ALWAYS_ALLOWED;
    this.#where = where;
  }

  /** A copy of the values `tensor` looks at. Throws CheckpointError where it looks outside its storage. */
  read(name: string, { storage, offset, shape, strides }: TorchTensor): StoredTensor {
    const { code, length } = storage;
    const row = rowOf(code);
    const size = sizeOf(shape);
    // the elements from the first to the last one that is looked at
    const span = size === 0 ? 0 : 1 + shape.reduce((last, dim, axis) => last + (dim - 1) * strides[axis]!, 0);
    if (offset + span > length)
      throw new CheckpointError(
        `${this.#where}: ${name} looks at elements ${offset} to ${offset + span - 1} of a storage of ${length}`,
        "the file is damaged",
      );
    this.#bytesLeft -= 8 * (size === span ? size : size + span);
    if (!(this.#bytesLeft >= 0))
      throw new CheckpointError(
        `${this.#where}: ${name} of ${size} elements takes more than the file can stand for`,
        "the file is damaged, or made to fill the memory",
      );
    const bytes = storage.load();
    const { bytes: width } = codes[code];
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset * width, span * width);
    try {
      const values = row.decode(view, span);
      return { code, shape, values: isDense(shape, strides) ? values : gather(values, shape, strides) };
    } catch (error) {
      throw new CheckpointError(`${this.#where}: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Row-major without gaps; strides of axes of length 1 mean nothing. */
function isDense(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
