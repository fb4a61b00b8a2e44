/**
 * What a traced function asks of a backend, one thing after the other.
 */
import type { Runner } from "../ops/apply.js";
import type { IndexOp } from "../ops/indices.js";
import type { OpName, UpdateName } from "../ops/spec/index.js";
import type { TypedArray } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";

/** Operands are handles that may be freed by the time the step runs: read `home`, never `storage`. */
export interface Step {
  readonly kind: "op" | "update" | "check";
  readonly op: OpName | UpdateName | IndexOp;
  readonly runner: Runner;
  readonly inputs: readonly Tensor[];
  readonly attrs: object;
  /** Of an op; an update writes its first inputs. */
  readonly outputs: readonly Tensor[];
}

/** Operands of the same update, many times over. */
export type UpdateList = readonly (readonly Tensor[])[];

/** Values that the host gave, of storages that nothing else writes. */
export type Constants = ReadonlyMap<Storage, TypedArray>;

/** A handle that holds no reference. */
export function uncounted(storage: Storage, shape: Shape, offset: number): Tensor {
  const x = new Tensor(storage, shape, offset);
  x.forgo();
  return x;
}
