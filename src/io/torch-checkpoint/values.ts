/**
 * What a pickle becomes: plain JavaScript values, and inert stand-ins for everything that Python would have made or
 * called. Lists and tuples are arrays, dictionaries are Maps. Nothing of this can act.
 */
import type { ElementCode } from "../element-codes.js";

/** A class or function, by name only. */
export class GlobalName {
  /** With its module, as in "torch.FloatStorage". */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What an unknown class or function would have returned. */
export class Placeholder {
  /** The class or function, as in "mmengine.logging.history_buffer.HistoryBuffer". */
  readonly of: string;
  readonly args: unknown;
  /** What BUILD would have set; undefined without one. */
  state: unknown = undefined;

  constructor(of: string, args: unknown) {
    this.of = of;
    this.args = args;
  }
}

/** A block of elements of one type that tensors look into. */
export interface TorchStorage {
  readonly key: string;
  readonly code: ElementCode;
  /** In elements. */
  readonly length: number;
  /** Little-endian, `length` elements; throws CheckpointError where the file does not hold them. */
  load(): Uint8Array;
}

/** A view of a storage: offset and strides in elements. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** A dictionary of named things; undefined for anything else, and for missing keys along `path`. */
export function lookUp(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) found = found instanceof Map ? found.get(key) : undefined;
  return found;
}

/** What a value is, for errors: "a list", "argparse.Namespace". */
export function kindOf(value: unknown): string {
  if (value === null) return "None";
  if (value === undefined) return "nothing";
  if (value instanceof Placeholder) return `a ${value.of}`;
  if (value instanceof GlobalName) return `the name ${value.name}`;
  if (value instanceof TorchTensor) return "a tensor";
  if (value instanceof Map) return "a dictionary";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Uint8Array) return "bytes";
  return `a ${typeof value === "bigint" ? "number" : typeof value}`;
}
