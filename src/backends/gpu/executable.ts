/**
 * A recorded program on the device: buffers placed by lifetime, ops lowered once to dispatches, which every run encodes
 * again, without anything between them in JavaScript. Only the parameters of instructions with a Scalar are renewed.
 */
import type { Executable, Instruction, ProfileRow, Program, ValueView } from "../../ops/program.js";
import { hasScalar, resolveScalars } from "../../ops/scalar.js";
import { sizeOf } from "../../tensor/shape.js";
import type { Storage } from "../../tensor/storage.js";
import { BackendError } from "../../util/errors.js";
import { BufferPool, type PooledBuffer } from "./buffer-pool.js";
import { bufferOf, type Dispatch, type Dispatches, takePlace } from "./dispatches.js";
import type { Operand, Place, Plan } from "./plan.js";
import { type CommandQueue, encodePass, SLOT_BYTES, SLOTS } from "./queue.js";

export interface ExecutableHost {
  readonly device: GPUDevice;
  readonly queue: CommandQueue;
  readonly dispatches: Dispatches;
  placeOf(storage: Storage): Place;
  lower(
    instruction: Instruction,
    inputs: readonly Operand[],
    outputs: readonly Operand[],
    attrs: object,
    plan: Plan,
  ): void;
}

const UNIFORM_COPY_DST = 0x40 | 0x08;
const PAGE_BYTES = SLOTS * SLOT_BYTES;
/** Apart from the ids of pooled buffers. */
let nextPage = -1;

export class GpuExecutable implements Executable {
  readonly temporaryBytes: number;
  readonly #program: Program;
  readonly #host: ExecutableHost;
  readonly #places: (Place | null)[];
  /** Of this program alone. */
  readonly #pool: BufferPool;
  readonly #dispatches: Dispatch[] = [];
  /** Instructions with Scalars, and their first dispatch. */
  readonly #dynamic: { readonly instruction: Instruction; readonly first: number }[] = [];
  readonly #words: Uint32Array;
  readonly #pages: PooledBuffer[] = [];

  constructor(program: Program, host: ExecutableHost) {
    this.#program = program;
    this.#host = host;
    this.#pool = new BufferPool(host.device);
    this.#places = program.values.map(({ kind, storage, length }) =>
      kind === "external" ? host.placeOf(storage!) : kind === "input" ? takePlace(this.#pool, length) : null,
    );
    this.#lowerAll();
    this.#words = new Uint32Array((this.#pages.length * PAGE_BYTES) / 4);
    this.#dispatches.forEach(({ parameters }, i) => {
      this.#words.set(parameters, (i * SLOT_BYTES) / 4);
    });
    this.#upload(0, this.#dispatches.length);
    this.temporaryBytes = this.#pool.bytes;
  }

  /** The uniform buffer of dispatch `i`; pages are made as they are reached. */
  #page(i: number): PooledBuffer {
    const page = Math.floor(i / SLOTS);
    while (this.#pages.length <= page) {
      const buffer = this.#host.device.createBuffer({ size: PAGE_BYTES, usage: UNIFORM_COPY_DST });
      this.#pages.push({ id: nextPage--, bytes: PAGE_BYTES, buffer });
    }
    return this.#pages[page]!;
  }

  /** Hands over the parameters of dispatches from … to − 1. */
  #upload(from: number, to: number): void {
    const word = SLOT_BYTES / 4;
    for (let at = from; at < to; ) {
      const end = Math.min(to, (Math.floor(at / SLOTS) + 1) * SLOTS);
      const { buffer } = this.#page(at);
      this.#host.device.queue.writeBuffer(buffer, (at % SLOTS) * SLOT_BYTES, this.#words, at * word, (end - at) * word);
      at = end;
    }
  }

  #operand(view: ValueView): Operand {
    const place = this.#places[view.value];
    if (!place) throw new BackendError(`gpu: value ${view.value} of a recorded program is used before it is made`);
    const size = sizeOf(view.shape);
    return {
      place: { memory: place.memory, offset: place.offset + view.offset, length: size },
      shape: view.shape,
      size,
      dtype: this.#program.values[view.value]!.dtype,
    };
  }

  #lowerAll(): void {
    const { instructions, outputs, values } = this.#program;
    const last = new Map<number, number>();
    instructions.forEach(({ inputs, outputs: made }, at) => {
      for (const { value } of [...inputs, ...made]) last.set(value, at);
    });
    for (const { value } of outputs) last.set(value, instructions.length);
    let scratches: Place[] = [];
    const plan = this.#host.dispatches.plan(
      () => this.#page(this.#dispatches.length),
      (length) => {
        const place = takePlace(this.#pool, length);
        scratches.push(place);
        return place;
      },
      (dispatch) => this.#dispatches.push(dispatch),
    );
    instructions.forEach((instruction, at) => {
      for (const { value } of instruction.outputs) this.#places[value] ??= takePlace(this.#pool, values[value]!.length);
      const first = this.#dispatches.length;
      this.#lower(instruction, plan);
      if (hasScalar(instruction.attrs)) this.#dynamic.push({ instruction, first });
      for (const place of scratches) this.#pool.give(bufferOf(place));
      scratches = [];
      for (const value of new Set([...instruction.inputs, ...instruction.outputs].map((view) => view.value)))
        if (values[value]!.kind === "temporary" && last.get(value) === at)
          this.#pool.give(bufferOf(this.#places[value]!));
    });
  }

  #lower(instruction: Instruction, plan: Plan): void {
    const inputs = instruction.inputs.map((view) => this.#operand(view));
    const outputs = instruction.outputs.map((view) => this.#operand(view));
    this.#host.lower(instruction, inputs, outputs, resolveScalars(instruction.attrs), plan);
  }

  /** Lowering again is how a new scalar becomes parameters. */
  #renewScalars(): void {
    if (this.#dynamic.length === 0) return;
    let at = 0;
    let scratches: Place[] = [];
    const plan = this.#host.dispatches.plan(
      () => this.#page(at),
      (length) => {
        const place = takePlace(this.#pool, length);
        scratches.push(place);
        return place;
      },
      ({ parameters }) => {
        this.#words.set(parameters, (at++ * SLOT_BYTES) / 4);
      },
    );
    for (const { instruction, first } of this.#dynamic) {
      at = first;
      this.#lower(instruction, plan);
      for (const place of scratches) this.#pool.give(bufferOf(place));
      scratches = [];
    }
    this.#upload(this.#dynamic[0]!.first, at);
  }

  run(inputs: readonly Storage[], offsets: readonly number[]): void {
    const { queue } = this.#host;
    queue.flush();
    this.#renewScalars();
    queue.submit((encoder) => {
      this.#program.inputs.forEach((view, i) => {
        const from = this.#host.placeOf(inputs[i]!);
        const to = this.#operand(view).place;
        encoder.copyBufferToBuffer(
          bufferOf(from).buffer,
          4 * (from.offset + offsets[i]!),
          bufferOf(to).buffer,
          4 * to.offset,
          4 * to.length,
        );
      });
      encodePass(encoder, this.#dispatches);
    }, this.#dispatches.length);
  }

  copyOutput(i: number, to: Storage): void {
    const from = this.#operand(this.#program.outputs[i]!).place;
    const target = this.#host.placeOf(to);
    this.#host.queue.submit((encoder) =>
      encoder.copyBufferToBuffer(
        bufferOf(from).buffer,
        4 * from.offset,
        bufferOf(target).buffer,
        4 * target.offset,
        4 * from.length,
      ),
    );
  }

  get dispatchCount(): number {
    return this.#dispatches.length;
  }

  /** Throws BackendError: single instructions cannot be timed from outside the device. */
  profile(): readonly ProfileRow[] {
    throw new BackendError("profile: the gpu backend runs a program as one command, expected the wasm backend");
  }

  dispose(): void {
    this.#pool.destroy();
    for (const { buffer } of this.#pages) buffer.destroy();
    this.#host.dispatches.forget();
  }
}
