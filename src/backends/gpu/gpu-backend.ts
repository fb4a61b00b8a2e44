/**
 * The gpu backend: ops lowered to gpu.js kernels, run by one of two executors. On WebGPU calls return at once, values come
 * back through data() alone, and state never leaves the device; in gpu.js's webasm and cpu modes everything is synchronous.
 */
import type { Runner } from "../../ops/apply.js";
import type { Executable, Executed, Precision, Program } from "../../ops/program.js";
import type { Resolved } from "../../ops/scalar.js";
import { type Attrs, type OpName, type UpdateAttrs, type UpdateName, updateWrites } from "../../ops/spec/index.js";
import { type DType, dtypes, type TypedArray } from "../../tensor/dtype.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { Allocation, Storage } from "../../tensor/storage.js";
import type { Tensor } from "../../tensor/tensor.js";
import { BackendError, DTypeError, MemoryError } from "../../util/errors.js";
import type { DeviceInfo, Float64Choice, GpuFigures, GpuMode } from "../contract.js";
import { arrayExecutor } from "./array-executor.js";
import { openDevice } from "./device.js";
import type { Executor, GpuAllocation } from "./executor.js";
import { type GpuJs, loadGpuJs } from "./gpujs.js";
import { expectFloat32 } from "./held.js";
import { lowerIntegers } from "./integers.js";
import { lowerings } from "./kernels/index.js";
import { updates } from "./kernels/updates.js";
import { type BufferOperand, type Place, type Plan, part } from "./plan.js";
import { WebGpuExecutor } from "./webgpu-executor.js";

export const gpuModes: readonly GpuMode[] = ["webgpu", "webasm", "cpu"];

export interface GpuOptions {
  /** Default "webgpu". */
  readonly mode?: GpuMode;
  /** Fills memory with NaN before it is used, so that an unwritten number shows; for tests. Default false. */
  readonly poison?: boolean;
  /** Default true: setBackend, which people call, has false. */
  readonly allowSoftware?: boolean;
  /** Default "as-float32": setBackend has "refuse". */
  readonly float64?: Float64Choice;
}

type AnyLowering = (
  inputs: readonly BufferOperand[],
  attrs: unknown,
  outputs: readonly BufferOperand[],
  plan: Plan,
) => void;
type AnyUpdateLowering = (operands: readonly BufferOperand[], attrs: unknown, plan: Plan) => void;

/** Lowers an op, integers in their own way. */
const lowerOp = (
  op: OpName,
  inputs: readonly BufferOperand[],
  attrs: unknown,
  outputs: readonly BufferOperand[],
  plan: Plan,
): void =>
  lowerIntegers(op, inputs, outputs, plan, (from, to) =>
    (lowerings[op as keyof typeof lowerings] as unknown as AnyLowering)(from, attrs, to, plan),
  );

/** Lowers an update; of integers into scratch memory first, where it can be checked. */
function lowerUpdate(op: UpdateName, operands: readonly BufferOperand[], attrs: unknown, plan: Plan): void {
  const lower = updates[op] as unknown as AnyUpdateLowering;
  const written = operands.slice(0, updateWrites[op]);
  lowerIntegers(op, operands, written, plan, (from, to) => {
    to.forEach(({ place }, i) => {
      if (place !== from[i]!.place) plan.copy(from[i]!.place, place);
    });
    lower([...to, ...from.slice(to.length)], attrs, plan);
  });
}

const placeOf = (allocation: Allocation): Place => (allocation as GpuAllocation).place;

export class GpuBackend implements Runner, GpuFigures {
  readonly name = "gpu";
  readonly dtypes = ["float32", "float64", "int64", "int32", "uint8", "bool"] as const;
  /** Numbers are float32 on a device and in the arrays that stand in for it. */
  readonly hasFloat64Digits = false;
  /** What really runs. */
  readonly mode: GpuMode;
  /** null where there is no device. */
  readonly device: DeviceInfo | null;
  readonly #executor: Executor;
  readonly #float64: Float64Choice;
  readonly readSync?: (allocation: Allocation, dtype: DType, offset: number, length: number) => TypedArray;
  readonly writeBytes?: (allocation: Allocation, bytes: Uint8Array, table: Float32Array) => void;
  readonly load?: (program: Program) => Executable;

  constructor(mode: GpuMode, executor: Executor, device: DeviceInfo | null, float64: Float64Choice = "as-float32") {
    this.mode = mode;
    this.#float64 = float64;
    this.device = device;
    this.#executor = executor;
    const { readSync, load } = executor;
    if (executor.writeBytes)
      this.writeBytes = (allocation, bytes, table) =>
        executor.writeBytes!(part(placeOf(allocation), 0, bytes.length), bytes, table);
    if (readSync)
      this.readSync = (allocation, dtype, offset, length) => readSync(part(placeOf(allocation), offset, length), dtype);
    if (load)
      this.load = (program) => {
        for (const { dtype } of program.values) this.#expectDigits(dtype);
        for (const { kind, op, outputs } of program.instructions)
          if (kind === "op") for (const { shape } of outputs) this.expectRoom(op, shape);
        return executor.load!(
          program,
          (...args) => this.#lower(...args),
          ({ allocation }: Storage) => placeOf(allocation),
        );
      };
  }

  /** One line of text: mode, device, software or hardware. */
  get label(): string {
    if (!this.device) return `gpu (gpu.js mode ${this.mode}, on the processor: slow, for correctness)`;
    const { vendor, architecture, description, isSoftware } = this.device;
    const name = [description || architecture, vendor].filter((text) => text !== "").join(", ");
    return `gpu (webgpu, ${isSoftware ? "software" : "hardware"}: ${name})`;
  }

  get stats(): Readonly<Record<string, number>> {
    return this.#executor.stats;
  }

  /** Where each op and update runs: all of them have kernels here. */
  coverage(): Record<string, "gpu"> {
    return Object.fromEntries([...Object.keys(lowerings), ...Object.keys(updates)].map((name) => [name, "gpu"]));
  }

  /** Throws MemoryError for a result that the device does not take in one piece. */
  expectRoom(op: string, shape: Shape): void {
    const { largestBytes = Number.POSITIVE_INFINITY } = this.#executor;
    const bytes = 4 * sizeOf(shape);
    if (bytes > largestBytes)
      throw new MemoryError(
        `gpu: ${op}: a tensor [${shape}] of ${bytes} bytes, the device takes at most ${largestBytes} in one piece`,
        "a smaller batch or image size",
      );
  }

  /** Throws BackendError for float16 where the device has none. */
  expectPrecision(precision: Precision): void {
    if (precision === "float32") return;
    if (this.mode !== "webgpu")
      throw new BackendError(
        `gpu: precision ${precision} in mode ${this.mode}, expected webgpu`,
        'setBackend("gpu"), on a device with shader-f16',
      );
    if (!this.#executor.hasHalves)
      throw new BackendError(
        `gpu: precision ${precision}: this device has no shader-f16, expected one that has (${this.label})`,
        "float32 runs everywhere; NVIDIA's and AMD's drivers and lavapipe have it, SwiftShader has not",
      );
  }

  /** Throws DTypeError for float64 that was not asked for as float32. */
  #expectDigits(dtype: DType): void {
    if (dtype !== "float64" || this.#float64 === "as-float32") return;
    throw new DTypeError(
      "gpu: a float64 tensor, expected float32: every number is a float32 there",
      'setBackend("gpu", { float64: "as-float32" }) takes it with float32\'s digits; the backends "wasm" and "reference" have all of them',
    );
  }

  /** Throws DTypeError for float64, unless the caller takes float32's digits for it. */
  allocate(dtype: DType, length: number): Allocation {
    this.#expectDigits(dtype);
    return this.#executor.allocate(length * dtypes[dtype].bytes, length);
  }

  free(allocation: Allocation): void {
    this.#executor.free(allocation);
  }

  /** Throws DTypeError for an integer that float32 does not have. */
  write(allocation: Allocation, dtype: DType, offset: number, values: TypedArray): void {
    if (dtype === "int32" || dtype === "int64") expectFloat32(values, dtype, "write");
    const numbers = dtype === "int64" ? Float32Array.from(values, Number) : values;
    this.#executor.write(part(placeOf(allocation), offset, values.length), numbers);
  }

  read(allocation: Allocation, dtype: DType, offset: number, length: number): Promise<TypedArray> {
    return this.#executor.read(part(placeOf(allocation), offset, length), dtype);
  }

  run<K extends OpName>(op: K, inputs: readonly Tensor[], attrs: Attrs<K>, outputs: readonly Tensor[]): void {
    try {
      lowerOp(op, inputs.map(operandOf), attrs, outputs.map(operandOf), this.#executor.plan);
    } finally {
      this.#executor.endOp();
    }
  }

  update<K extends UpdateName>(op: K, operands: readonly Tensor[], attrs: Resolved<UpdateAttrs<K>>): void {
    try {
      lowerUpdate(op, operands.map(operandOf), attrs, this.#executor.plan);
    } finally {
      this.#executor.endOp();
    }
  }

  #lower(
    { kind, op }: Executed,
    inputs: readonly BufferOperand[],
    outputs: readonly BufferOperand[],
    attrs: object,
    plan: Plan,
  ): void {
    if (kind === "op") lowerOp(op, inputs, attrs, outputs, plan);
    else lowerUpdate(op, inputs, attrs, plan);
  }

  dispose(): Promise<void> {
    return this.#executor.dispose();
  }
}

function operandOf(x: Tensor): BufferOperand {
  return {
    place: part(placeOf(x.storage.allocation), x.offset, x.size),
    shape: x.shape,
    size: x.size,
    dtype: x.dtype,
  };
}

/**
 * Loads gpu.js, and for mode webgpu opens a device. Throws BackendError for an unknown mode, a missing package, or where no
 * adapter answers; it never takes another mode than the one asked for.
 */
export async function createGpuBackend({
  mode = "webgpu",
  poison = false,
  allowSoftware = true,
  float64 = "as-float32",
}: GpuOptions = {}): Promise<GpuBackend> {
  if (!gpuModes.includes(mode))
    throw new BackendError(`gpu: the mode is "${mode}", expected one of ${gpuModes.join(", ")}`);
  const gpujs: GpuJs = await loadGpuJs();
  if (mode !== "webgpu") return new GpuBackend(mode, arrayExecutor(gpujs, mode, poison), null, float64);
  const device = await openDevice(allowSoftware);
  return new GpuBackend(mode, new WebGpuExecutor(device, gpujs, poison), device.info, float64);
}
