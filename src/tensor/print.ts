/**
 * How a tensor looks as text: as torch.Tensor's repr does (its documentation of torch.set_printoptions), with our names of dtypes and
 * fields. Numbers share one format: whole, fixed or scientific; corners stand for a large tensor, whose shape is then said. Where the
 * values cannot be had, shape and dtype come with the reason.
 */
import { ShapeError, UsageError } from "../util/errors.js";
import type { DType, TypedArray } from "./dtype.js";
import { isFloat } from "./dtype.js";
import { fixedText, scientificText } from "./number-text.js";
import { type Shape, showShape, sizeOf } from "./shape.js";
import { type Storage, storageTracer } from "./storage.js";

/** How tensors are printed; the names and defaults of torch.set_printoptions. */
export interface PrintOptions {
  /** Places after the point. Default 4. */
  readonly precision?: number;
  /** Elements above which corners stand for the whole. Default 1000. */
  readonly threshold?: number;
  /** Elements at each end of an axis that is cut. Default 3. */
  readonly edgeItems?: number;
  /** Characters of a line. Default 80. */
  readonly lineWidth?: number;
  /** Whether floats are printed with exponents; null decides by the numbers. Default null. */
  readonly sciMode?: boolean | null;
}

const defaults: Required<PrintOptions> = {
  precision: 4,
  threshold: 1000,
  edgeItems: 3,
  lineWidth: 80,
  sciMode: null,
};
let inUse = defaults;

/** `base` with the changes. Throws UsageError for a count that is none. */
function withChanges(base: Required<PrintOptions>, changes: PrintOptions, where: string): Required<PrintOptions> {
  const next = { ...base };
  for (const name of ["precision", "threshold", "edgeItems", "lineWidth"] as const) {
    const value = changes[name] ?? base[name];
    if (!(value === Number.POSITIVE_INFINITY && name !== "precision") && !(Number.isInteger(value) && value >= 0))
      throw new UsageError(`${where}: ${name} is ${value}, expected a whole number from 0 on`);
    next[name] = value;
  }
  if (changes.sciMode !== undefined) next.sciMode = changes.sciMode;
  return next;
}

/**
 * Sets how tensors are printed from here on and returns the options before; names that are left out stay.
 *
 * @example
 * ```ts
 * const before = setPrintOptions({ precision: 2 });
 * console.log(`${tensor([1.234, 5])}`); // tensor([1.23, 5.00])
 * setPrintOptions(before);
 * ```
 */
export function setPrintOptions(changes: PrintOptions): Required<PrintOptions> {
  const before = inUse;
  inUse = withChanges(inUse, changes, "setPrintOptions");
  return before;
}

/** What is read of a tensor to print it. */
export interface Printable {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly offset: number;
  readonly home: Storage;
  readonly isFreed: boolean;
  readonly requiresGrad: boolean;
  readonly edge: { readonly node: object } | null;
}

type Value = number | bigint;
type Reader = (offset: number, length: number) => ArrayLike<Value>;

/** Reads values of x, or says why that is not possible. */
function readerOf({ isFreed, home, dtype, offset }: Printable): Reader | string {
  if (isFreed) return "freed";
  const tracer = storageTracer();
  if (tracer && !tracer.isKnown(home)) return "its values are not there before compile() has run the function";
  const known: TypedArray | null = tracer?.knownValues(home) ?? null;
  if (known) return (from, length) => known.subarray(offset + from, offset + from + length);
  const { backend } = home;
  if (!backend.readSync) return `its values are on the ${backend.name} backend: await x.data()`;
  return (from, length) => backend.readSync!(home.allocation, dtype, offset + from, length);
}

/** Values of the last axis, and null where some were left out; lists of lists above them. */
type Nested = Value | null | readonly Nested[];

/** All values, or the corners of them. */
function nest(read: Reader, shape: Shape, edge: number): Nested {
  const visit = (axis: number, from: number, count: number): Nested => {
    if (axis === shape.length) return read(from, 1)[0]!;
    const dim = shape[axis]!;
    const step = count / dim;
    const isLast = axis === shape.length - 1;
    const some = (begin: number, length: number): readonly Nested[] =>
      isLast
        ? Array.from(read(from + begin, length))
        : Array.from({ length }, (_, i) => visit(axis + 1, from + (begin + i) * step, step));
    return dim > 2 * edge ? [...some(0, edge), null, ...some(dim - edge, edge)] : some(0, dim);
  };
  return visit(0, 0, sizeOf(shape));
}

const leaves = (values: Nested): Value[] =>
  Array.isArray(values) ? values.flatMap(leaves) : values === null ? [] : [values as Value];

/** Ratio of largest to smallest, and sizes, from which numbers are easier to read with exponents. */
const SCIENTIFIC = { ratio: 1000, above: 1e8, below: 1e-4 } as const;

interface Format {
  readonly width: number;
  text(value: Value): string;
}

/** One format for all of these values. Only finite numbers other than 0 decide about floats. */
function formatOf(values: readonly Value[], dtype: DType, { precision, sciMode }: Required<PrintOptions>): Format {
  const widest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, text.length), 1);
  if (!isFloat(dtype)) {
    const text = (value: Value): string => (dtype === "bool" ? String(Boolean(value)) : String(value));
    return { width: widest(values.map(text)), text };
  }
  const telling = (values as readonly number[]).filter((value) => Number.isFinite(value) && value !== 0);
  const sizes = telling.map(Math.abs);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const smallest = sizes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const isWhole = telling.every(Number.isInteger);
  const isWide =
    largest / smallest > SCIENTIFIC.ratio || largest > SCIENTIFIC.above || (!isWhole && smallest < SCIENTIFIC.below);
  const write = (value: number, scientific: boolean): string => {
    if (scientific) return scientificText(value, precision);
    if (!isWhole) return fixedText(value, precision);
    return fixedText(value, 0) + (Number.isFinite(value) ? "." : "");
  };
  return {
    // of what the numbers themselves suggest, whatever sciMode says
    width: widest(telling.map((value) => write(value, isWide))),
    text: (value) => write(value as number, telling.length > 0 && (sciMode ?? isWide)),
  };
}

/** Nested brackets; lines that go on stand `indent` characters in. */
function brackets(values: Nested, rank: number, indent: number, format: Format, lineWidth: number): string {
  if (!Array.isArray(values)) return format.text(values as Value);
  const padded = (value: Value): string => format.text(value).padStart(format.width);
  const inner = `\n${" ".repeat(indent + 1)}`;
  if (rank === 1) {
    const items = values.map((value) => (value === null ? " ..." : padded(value as Value)));
    const perLine = Math.max(1, Math.floor((lineWidth - indent) / (format.width + 2)));
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(", "));
    return `[${lines.join(`,${inner}`)}]`;
  }
  const slices = values.map((value) =>
    value === null ? "..." : brackets(value as Nested, rank - 1, indent + 1, format, lineWidth),
  );
  return `[${slices.join(`,${"\n".repeat(rank - 1)}${" ".repeat(indent + 1)}`)}]`;
}

const PREFIX = "tensor(";
const usualDTypes: readonly DType[] = ["float32", "int64", "bool"];

/** `text` and what follows it, on a new line where it would not fit. */
function withSuffixes(text: string, suffixes: readonly string[], lineWidth: number): string {
  let all = text;
  let lineLength = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of suffixes) {
    const fits = lineLength + suffix.length + 2 <= lineWidth;
    all += fits ? `, ${suffix}` : `,\n${" ".repeat(PREFIX.length)}${suffix}`;
    lineLength = (fits ? lineLength + 2 : PREFIX.length) + suffix.length;
  }
  return `${all})`;
}

/**
 * Text such as `tensor([[1., 2.], [3., 4.]])`, as PyTorch prints: dtypes other than float32, int64 and bool, requiresGrad and the op
 * of the graph follow the values, and the shape where corners stand for a large tensor. `console.log(x)` and `${x}` give the same. A
 * tensor whose values are not at hand (freed, on a GPU, inside compile) gives its shape, dtype and why.
 *
 * @example
 * ```ts
 * console.log(format(tensor([[1, 2.5], [3, 4]])));
 * console.log(format(tensor([0.123456]), { precision: 2 })); // tensor([0.12])
 * ```
 */
export function format(x: Printable, changes: PrintOptions = {}): string {
  const options = withChanges(inUse, changes, "format");
  const { shape, dtype } = x;
  const size = sizeOf(shape);
  const isCut = size > options.threshold;
  const read = readerOf(x);
  const shapeText = `shape=${showShape(shape)}`;
  const suffixes: string[] = [];
  if (typeof read === "string") suffixes.push(shapeText, `dtype=${dtype}`, read);
  else {
    if (isCut || (size === 0 && shape.length !== 1)) suffixes.push(shapeText);
    if (size === 0 ? dtype !== "float32" : !usualDTypes.includes(dtype)) suffixes.push(`dtype=${dtype}`);
  }
  const { name } = (x.edge?.node ?? {}) as { readonly name?: string };
  if (name !== undefined) suffixes.push(`gradFn=<${name}>`);
  else if (x.requiresGrad) suffixes.push("requiresGrad=true");
  let text = "[]";
  if (typeof read === "string") text = "...";
  else if (size > 0) {
    const values = nest(read, shape, isCut ? options.edgeItems : Number.POSITIVE_INFINITY);
    text = brackets(values, shape.length, PREFIX.length, formatOf(leaves(values), dtype, options), options.lineWidth);
  }
  return withSuffixes(PREFIX + text, suffixes, options.lineWidth);
}

/** An element as JSON has it: what JSON has no number for is text. */
const jsonValue = (value: Value, dtype: DType): number | boolean | string => {
  if (dtype === "bool") return value !== 0;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return Number.isFinite(value) ? value : String(value);
};

/** What JSON.stringify writes of a tensor; NaN, infinities and integers beyond 2^53 are text, values not at hand null with the reason. */
export interface TensorJson {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: unknown;
  readonly reason?: string;
}

/** See TensorJson. */
export function jsonOf(x: Printable): TensorJson {
  const { shape, dtype } = x;
  const read = readerOf(x);
  if (typeof read === "string") return { shape, dtype, values: null, reason: read };
  const show = (values: Nested): unknown =>
    Array.isArray(values) ? values.map(show) : jsonValue(values as Value, dtype);
  const values = sizeOf(shape) === 0 ? [] : show(nest(read, shape, Number.POSITIVE_INFINITY));
  return { shape, dtype, values };
}

/** A tensor where JavaScript wants a number or text: x < 1, `${x}`, "loss: " + x. Throws ShapeError where a number is wanted of several. */
export function primitiveOf(
  x: Printable & { item(): number | boolean | bigint; readonly size: number },
  hint: string,
): unknown {
  if (hint === "number" && x.size !== 1)
    throw new ShapeError(
      `a tensor ${showShape(x.shape)} stands where a number is wanted`,
      "JavaScript has no operators for tensors: x.add(y), x.mul(2), x.less(y)",
    );
  return hint === "number" || (hint === "default" && x.shape.length === 0) ? x.item() : format(x);
}
