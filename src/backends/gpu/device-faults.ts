/**
 * Checks on a device: each is a dispatch of one workgroup, which keeps the first number that does not pass, and which check
 * that was, in a small buffer. Every read takes that buffer along and empties it, so that an error comes with the next
 * values that are read and costs no wait of its own.
 */
import type { PooledBuffer } from "./buffer-pool.js";
import { type Call, type Checks, startingBefore } from "./calls.js";
import { faultError } from "./faults.js";
import { isNanBits } from "./helpers.js";
import type { PipelineCache } from "./pipelines.js";
import type { Check } from "./plan.js";

const STORAGE_COPY_BOTH_WAYS = 0x80 | 0x04 | 0x08;
/** Which check (from 1; 0 where nothing failed), position, bits of the number, unused. */
export const FAULT_BYTES = 16;
/** Buffers of the pool count from 1. */
const FAULT_ID = 0;
const THREADS = 256;

const text = `struct Params { count : u32, first : u32, check : u32, unused : u32, low : f32, high : f32 }
@group(0) @binding(0) var<uniform> params : Params;
@group(0) @binding(1) var<storage, read> x : array<f32>;
@group(0) @binding(2) var<storage, read_write> fault : array<u32, 4>;
var<workgroup> position : atomic<u32>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) index : u32) {
  if (index == 0u) { atomicStore(&position, params.count); }
  workgroupBarrier();
  for (var i = index; i < params.count; i += ${THREADS}u) {
    let v = x[params.first + i];
    if (${isNanBits("v")} || v < params.low || v > params.high) {
      atomicMin(&position, i);
      break;
    }
  }
  workgroupBarrier();
  let at = atomicLoad(&position);
  if (index == 0u && at < params.count && fault[0] == 0u) {
    fault[0] = params.check;
    fault[1] = at;
    fault[2] = bitcast<u32>(x[params.first + at]);
  }
}`;

export class DeviceFaults implements Checks {
  readonly #memory: PooledBuffer;
  /** Checks that differ in more than their place. */
  readonly #known: Check[] = [];

  constructor(device: GPUDevice) {
    const buffer = device.createBuffer({ size: FAULT_BYTES, usage: STORAGE_COPY_BOTH_WAYS });
    this.#memory = { id: FAULT_ID, bytes: FAULT_BYTES, buffer };
  }

  call(check: Check, pipelines: PipelineCache): Call {
    const pipeline = pipelines.raw("check of a range", () => text, ["read", "write"], {
      workgroup: [THREADS, 1, 1],
      parameterBytes: 32,
      kinds: [],
    });
    const [x, first] = startingBefore(check.place);
    const fault = { pooled: this.#memory, offsetBytes: 0, bytes: FAULT_BYTES };
    const parameters = new Uint32Array(8);
    parameters.set([check.place.length, first, this.#numberOf(check)]);
    new Float32Array(parameters.buffer).set([check.low, check.high], 4);
    return { pipeline, bound: [x, fault], groups: [1, 1, 1], parameters, update: null };
  }

  /** Counted from 1, the same for the same check, so that its dispatch is found again. */
  #numberOf(check: Check): number {
    const { kind, op, low, high } = check;
    const at = this.#known.findIndex((k) => k.kind === kind && k.op === op && k.low === low && k.high === high);
    return at >= 0 ? at + 1 : this.#known.push(check);
  }

  /** Copies what was found to `offset` of a staging buffer, and forgets it. */
  takeInto(encoder: GPUCommandEncoder, staging: GPUBuffer, offset: number): void {
    const { buffer } = this.#memory;
    encoder.copyBufferToBuffer(buffer, 0, staging, offset, FAULT_BYTES);
    encoder.clearBuffer(buffer);
  }

  /** Throws the error of what was copied, if any. */
  expectNone(words: Uint32Array): void {
    const [number, at, bits] = words as unknown as readonly [number, number, number];
    if (number === 0) return;
    const value = new Float32Array(Uint32Array.of(bits).buffer)[0]!;
    throw faultError(this.#known[number - 1]!, value, at);
  }

  dispose(): void {
    this.#memory.buffer.destroy();
  }
}
