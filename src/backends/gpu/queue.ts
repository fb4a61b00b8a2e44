/**
 * Dispatches in order, gathered into one command buffer: their parameters in one uniform buffer, one compute pass, one
 * submit. Calls return at once; work starts at flush(), which reading, writing and a full ring bring about.
 */
import type { PooledBuffer } from "./buffer-pool.js";
import type { Dispatch } from "./dispatches.js";

/** Dynamic offsets are multiples of this. */
export const SLOT_BYTES = 256;
/** Blocks of parameters in one uniform buffer. */
export const SLOTS = 2048;
/** Dispatches after which work is handed over, so that the device starts while the host goes on. */
const EAGER = 256;

const UNIFORM_COPY_DST = 0x40 | 0x08;

export class CommandQueue {
  readonly #device: GPUDevice;
  readonly uniforms: PooledBuffer;
  readonly #words = new Uint32Array((SLOTS * SLOT_BYTES) / 4);
  #pending: Dispatch[] = [];
  /** Dispatches and submits so far. */
  readonly counts = { dispatches: 0, submits: 0 };

  constructor(device: GPUDevice) {
    this.#device = device;
    const bytes = SLOTS * SLOT_BYTES;
    this.uniforms = { id: 0, bytes, buffer: device.createBuffer({ size: bytes, usage: UNIFORM_COPY_DST }) };
  }

  readonly push = (dispatch: Dispatch): void => {
    this.#words.set(dispatch.parameters, (this.#pending.length * SLOT_BYTES) / 4);
    this.#pending.push(dispatch);
    if (this.#pending.length >= EAGER) this.flush();
  };

  flush(): void {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#device.queue.writeBuffer(this.uniforms.buffer, 0, this.#words, 0, (pending.length * SLOT_BYTES) / 4);
    this.submit((encoder) => encodePass(encoder, pending));
  }

  /** Encodes and submits at once; what was pushed before goes first. */
  submit(encode: (encoder: GPUCommandEncoder) => void, dispatches = 0): void {
    this.flush();
    const encoder = this.#device.createCommandEncoder();
    encode(encoder);
    this.#device.queue.submit([encoder.finish()]);
    this.counts.submits++;
    this.counts.dispatches += dispatches;
  }

  dispose(): void {
    this.uniforms.buffer.destroy();
  }
}

const offset = [0];

/** All dispatches in one pass; dispatch i has its parameters in slot i of the uniform buffer that it was bound to, or, beyond the last, again from slot 0 of the next. */
export function encodePass(encoder: GPUCommandEncoder, dispatches: readonly Dispatch[]): void {
  const pass = encoder.beginComputePass();
  let current: GPUComputePipeline | null = null;
  for (let i = 0; i < dispatches.length; i++) {
    const { pipeline, bindGroup, groups } = dispatches[i]!;
    if (pipeline.pipeline !== current) {
      current = pipeline.pipeline;
      pass.setPipeline(current);
    }
    offset[0] = (i % SLOTS) * SLOT_BYTES;
    pass.setBindGroup(0, bindGroup, offset);
    pass.dispatchWorkgroups(groups[0], groups[1], groups[2]);
  }
  pass.end();
}
