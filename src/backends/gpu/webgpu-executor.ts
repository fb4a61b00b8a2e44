/**
 * Tensors on a WebGPU device and the plan that runs on them: the fast executor. Every number is a float32 there, whatever
 * dtype its tensor has: int32 and uint8 are exact or refused (integers.ts), float64 has float32's digits.
 */
import type { Executable, Program } from "../../ops/program.js";
import { type DType, newArray, type TypedArray } from "../../tensor/dtype.js";
import type { Allocation } from "../../tensor/storage.js";
import { TensoroneError } from "../../util/errors.js";
import { turnOfEventLoop } from "../../util/platform.js";
import { BufferPool } from "./buffer-pool.js";
import { bufferOf, planInto, Scratch, takePlace } from "./calls.js";
import type { Device } from "./device.js";
import { DeviceFaults, FAULT_BYTES } from "./device-faults.js";
import { type ExecutableHost, GpuExecutable } from "./executable.js";
import type { Executor, GpuAllocation } from "./executor.js";
import type { GpuJs } from "./gpujs.js";
import { fromFloat32 } from "./held.js";
import { Patience } from "./patience.js";
import { PipelineCache } from "./pipelines.js";
import type { Place, Plan } from "./plan.js";
import { CommandQueue } from "./queue.js";
import { bytesCall } from "./wgsl/bytes.js";

const MAP_READ_COPY_DST = 0x01 | 0x08;
const MAP_MODE_READ = 1;
/** Of the event loop. */
const TURNS_FOR_CAUSE = 20;

export class WebGpuExecutor implements Executor {
  readonly device: Device;
  readonly pipelines: PipelineCache;
  readonly queue: CommandQueue;
  readonly #faults: DeviceFaults;
  readonly #pool: BufferPool;
  readonly #scratch: Scratch;
  readonly #patience = new Patience();
  readonly #recordings = new Set<GpuExecutable>();
  /** Dispatches before the last read. */
  #readUpTo = 0;
  readonly plan: Plan;

  /** Fills memory with NaN before it is used, for tests; undefined where there is no need. */
  readonly #poison: ((buffer: GPUBuffer) => void) | undefined;

  constructor(device: Device, gpujs: GpuJs, poison = false) {
    this.device = device;
    this.queue = new CommandQueue(device.gpu);
    if (poison)
      this.#poison = (buffer) => {
        // what is queued may still use this buffer
        this.queue.flush();
        device.gpu.queue.writeBuffer(buffer, 0, new Float32Array(buffer.size / 4).fill(Number.NaN));
      };
    this.#pool = new BufferPool(device.gpu, this.#poison);
    this.pipelines = new PipelineCache(device.gpu, gpujs);
    this.#scratch = new Scratch(this.#pool);
    this.#faults = new DeviceFaults(device.gpu);
    this.plan = planInto((call) => this.queue.push(call), this.pipelines, this.#scratch, this.#faults);
  }

  /** Of tensors, of what ops need while they run, and of recordings. */
  get #heldBytes(): number {
    let bytes = this.#pool.bytes;
    for (const { temporaryBytes } of this.#recordings) bytes += temporaryBytes;
    return bytes;
  }

  get stats() {
    return {
      deviceBytes: this.#heldBytes,
      pipelines: this.pipelines.size,
      keptDispatches: this.queue.kept,
      ...this.queue.counts,
    };
  }

  get hasHalves(): boolean {
    return this.device.gpu.features.has("shader-f16");
  }

  get largestBytes(): number {
    return this.#pool.largest;
  }

  allocate(bytes: number, length: number): GpuAllocation {
    return { bytes, place: takePlace(this.#pool, length) };
  }

  free(allocation: Allocation): void {
    this.#pool.give(bufferOf((allocation as GpuAllocation).place));
  }

  endOp(): void {
    this.#scratch.giveBack();
  }

  write(place: Place, values: TypedArray): void {
    if (values.length === 0) return;
    // what is queued may still use this buffer
    this.queue.flush();
    const floats = values instanceof Float32Array ? values : Float32Array.from(values);
    this.device.gpu.queue.writeBuffer(bufferOf(place).buffer, 4 * place.offset, floats as Float32Array<ArrayBuffer>);
  }

  writeBytes(place: Place, bytes: Uint8Array, table: Float32Array): void {
    const packed = this.#scratch.take(Math.ceil(bytes.length / 4));
    const lookup = this.#scratch.take(table.length);
    this.write(lookup, table);
    const { queue } = this.device.gpu;
    const { buffer } = bufferOf(packed);
    // what is shared may change under the device's hands, and the last word may not be full
    const isWhole = bytes.length % 4 === 0 && bytes.buffer instanceof ArrayBuffer;
    const words = isWhole ? bytes : new Uint8Array(4 * packed.length);
    if (!isWhole) words.set(bytes);
    queue.writeBuffer(buffer, 0, words as Uint8Array<ArrayBuffer>);
    this.queue.push(bytesCall(this.pipelines, packed, lookup, place));
    this.endOp();
  }

  async read(place: Place, dtype: DType): Promise<TypedArray> {
    const bytes = 4 * place.length;
    if (bytes === 0) return newArray(dtype, 0);
    const staging = this.device.gpu.createBuffer({ size: bytes + FAULT_BYTES, usage: MAP_READ_COPY_DST });
    this.queue.submit((encoder) => {
      encoder.copyBufferToBuffer(bufferOf(place).buffer, 4 * place.offset, staging, 0, bytes);
      this.#faults.takeInto(encoder, staging, bytes);
    });
    const work = this.queue.counts.dispatches - this.#readUpTo;
    this.#readUpTo += work;
    try {
      await this.#patience.wait(work, () => staging.mapAsync(MAP_MODE_READ));
      this.device.check(this.#heldBytes);
      const range = staging.getMappedRange();
      this.#faults.expectNone(new Uint32Array(range, bytes));
      const floats = new Float32Array(range, 0, place.length);
      return fromFloat32(floats, dtype);
    } catch (error) {
      // the cause may be told some turns after what it has ended
      for (let turn = 0; turn < TURNS_FOR_CAUSE && !(error instanceof TensoroneError); turn++) {
        await turnOfEventLoop();
        this.device.check(this.#heldBytes);
      }
      throw error;
    } finally {
      staging.destroy();
    }
  }

  load(program: Program, lower: ExecutableHost["lower"], placeOf: ExecutableHost["placeOf"]): Executable {
    this.queue.forget();
    const made: GpuExecutable = new GpuExecutable(program, {
      device: this.device.gpu,
      queue: this.queue,
      pipelines: this.pipelines,
      faults: this.#faults,
      poison: this.#poison,
      // a step run op by op, to be recorded, leaves as much behind as the recording needs
      inherited: this.#pool.takeIdle(),
      lower,
      placeOf,
      onEnd: () => void this.#recordings.delete(made),
    });
    this.#recordings.add(made);
    return made;
  }

  async dispose(): Promise<void> {
    this.queue.flush();
    // of a lost device no work is ever done
    await Promise.race([this.device.gpu.queue.onSubmittedWorkDone(), this.device.gpu.lost]).catch(() => {});
    this.#pool.destroy();
    this.queue.dispose();
    this.#faults.dispose();
    this.device.dispose();
  }
}
