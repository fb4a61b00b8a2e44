/** What runs the calls of lowerings: the device's own encoder, or gpu.js's public API on typed arrays. */
import type { Executable, Program } from "../../ops/program.js";
import type { DType, TypedArray } from "../../tensor/dtype.js";
import type { Allocation } from "../../tensor/storage.js";
import type { ExecutableHost } from "./executable.js";
import type { Place, Plan } from "./plan.js";

export interface GpuAllocation extends Allocation {
  readonly place: Place;
}

export interface Executor {
  readonly plan: Plan;
  /** Figures that tests and benches look at. */
  readonly stats: Readonly<Record<string, number>>;
  /** Of one tensor, where a device takes no more in one piece. */
  readonly largestBytes?: number;
  /** Whether programs may store float16. */
  readonly hasHalves?: boolean;
  allocate(bytes: number, length: number): GpuAllocation;
  free(allocation: Allocation): void;
  /** Takes scratch memory back. */
  endOp(): void;
  write(place: Place, values: TypedArray): void;
  /** y[i] = table[i mod channels][bytes[i]], table [channels, 256]. */
  readonly writeBytes?: (place: Place, bytes: Uint8Array, table: Float32Array) => void;
  read(place: Place, dtype: DType): Promise<TypedArray>;
  readonly readSync?: (place: Place, dtype: DType) => TypedArray;
  readonly load?: (program: Program, lower: ExecutableHost["lower"], placeOf: ExecutableHost["placeOf"]) => Executable;
  dispose(): Promise<void>;
}
