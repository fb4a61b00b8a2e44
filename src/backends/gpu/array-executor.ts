/**
 * The slow path: every kernel through gpu.js's public API on typed arrays, in its cpu or webasm mode. The oracle of the
 * device's executor, and what runs where there is no device. Not fast, and not meant to be.
 */
import type { DType, TypedArray } from "../../tensor/dtype.js";
import { BackendError } from "../../util/errors.js";
import type { Executor } from "./executor.js";
import { faultError } from "./faults.js";
import type { GpuJs, HostKernel } from "./gpujs.js";
import { fromFloat32 } from "./held.js";
import type { GpuKernel } from "./kernel.js";
import { inOrder, type Place, type Plan, type View } from "./plan.js";

/** Memory of this executor. */
export interface HostMemory {
  readonly array: Float32Array;
}

const arrayOf = ({ memory, offset, length }: Place): Float32Array =>
  (memory as HostMemory).array.subarray(offset, offset + length);

type NewArray = (length: number) => Float32Array;
const zeros: NewArray = (length) => new Float32Array(length);
const poisoned: NewArray = (length) => new Float32Array(length).fill(Number.NaN);

const hostView = ({ place, dims }: View) => ({ data: arrayOf(place), dims });

function arrayPlan(gpujs: GpuJs, mode: "cpu" | "webasm", newArray: NewArray): Plan {
  const compiled = new Map<string, HostKernel>();
  const kernelOf = (kernel: GpuKernel): HostKernel => {
    const known = compiled.get(kernel.name) ?? gpujs.compile(kernel, mode);
    compiled.set(kernel.name, known);
    return known;
  };
  return {
    device: null,
    run({ name }) {
      throw new BackendError(`gpu: ${name} is written for a device, expected a plan that has one`);
    },
    call(kernel, out, dims, given) {
      if (dims[0] * dims[1] * dims[2] !== out.length)
        throw new BackendError(`gpu: kernel ${kernel.name} over ${dims} writes a place of ${out.length} elements`);
      const values = inOrder(kernel, given).map((arg) => (typeof arg === "number" ? arg : hostView(arg)));
      arrayOf(out).set(kernelOf(kernel)(dims, values));
    },
    inPlace: () => false,
    copy(from, to) {
      arrayOf(to).set(arrayOf(from));
    },
    scratch: (length) => ({ memory: { array: newArray(length) }, offset: 0, length }),
    check(check) {
      const at = arrayOf(check.place).findIndex((v) => !(v >= check.low && v <= check.high));
      if (at >= 0) throw faultError(check, arrayOf(check.place)[at]!, at);
    },
    product: () => false,
  };
}

/** Synchronous, on typed arrays, through gpu.js's public API; `poison` fills them with NaN first, for tests. */
export function arrayExecutor(gpujs: GpuJs, mode: "cpu" | "webasm", poison = false): Executor {
  const newMemory = poison ? poisoned : zeros;
  const readSync = (place: Place, dtype: DType): TypedArray => fromFloat32(arrayOf(place), dtype);
  return {
    plan: arrayPlan(gpujs, mode, newMemory),
    stats: {},
    allocate: (bytes, length) => ({
      bytes,
      place: { memory: { array: newMemory(length) }, offset: 0, length },
    }),
    free() {
      // the garbage collector does it
    },
    endOp() {
      // likewise
    },
    write(place, values) {
      arrayOf(place).set(values);
    },
    readSync,
    read: async (place, dtype) => readSync(place, dtype),
    dispose: () => gpujs.dispose(),
  };
}
