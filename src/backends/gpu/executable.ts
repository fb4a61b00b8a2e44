/**
 * A recorded program on the device: buffers placed by lifetime, ops lowered once to dispatches, which every run encodes
 * again, without anything between them in JavaScript. Only the parameters of instructions with a Scalar are renewed, and
 * only when it has changed.
 */
import { costOf } from "../../ops/cost/index.js";
import type { Executable, Executed, InstructionTime, ProfileRow, Program, ValueView } from "../../ops/program.js";
import { hasScalar, resolveScalars, type Scalar, scalarsOf } from "../../ops/scalar.js";
import { sizeOf } from "../../tensor/shape.js";
import type { Storage } from "../../tensor/storage.js";
import { BackendError } from "../../util/errors.js";
import { BufferPool, type IdleBuffers } from "./buffer-pool.js";
import { type DispatchCost, dispatchCost, shareWork, type WorkShare } from "./call-cost.js";
import { bufferOf, type Call, planInto, Scratch, takePlace } from "./calls.js";
import type { DeviceFaults } from "./device-faults.js";
import { bindCall, type Dispatch, encodePass } from "./dispatch.js";
import { halfValues } from "./half-values.js";
import { JoinedUpdates } from "./joined-updates.js";
import { type Block, ParameterPages } from "./parameter-pages.js";
import type { PipelineCache } from "./pipelines.js";
import type { BufferOperand, Place, Plan } from "./plan.js";
import type { CommandQueue } from "./queue.js";
import { type Clock, clockOf, timeDispatches } from "./timing.js";

export interface ExecutableHost {
  readonly device: GPUDevice;
  readonly queue: CommandQueue;
  readonly pipelines: PipelineCache;
  readonly faults: DeviceFaults;
  readonly poison: ((buffer: GPUBuffer) => void) | undefined;
  /** Buffers to begin with; those that the program has no use for end. */
  readonly inherited: IdleBuffers;
  /** Hears that the program has given its memory back. */
  onEnd(): void;
  placeOf(storage: Storage): Place;
  lower(
    instruction: Executed,
    inputs: readonly BufferOperand[],
    outputs: readonly BufferOperand[],
    attrs: object,
    plan: Plan,
  ): void;
}

interface Slot {
  readonly block: Block;
  /** First word. */
  readonly at: number;
}

/** Instructions whose parameters change between runs, with the same attributes: an optimiser's, most likely. */
interface Changing {
  readonly attrs: object;
  readonly scalars: readonly Scalar[];
  /** As they were when the parameters were made. */
  values: readonly number[];
  readonly members: {
    readonly instruction: Executed;
    readonly inputs: readonly BufferOperand[];
    readonly outputs: readonly BufferOperand[];
    /** Of the parameters of its calls. */
    readonly slots: readonly Slot[];
  }[];
}

/** The same names with the same values, and the very same Scalars. */
function sameAttrs(a: object, b: object): boolean {
  const [left, right] = [Object.entries(a), b as Record<string, unknown>];
  return left.length === Object.keys(b).length && left.every(([name, value]) => right[name] === value);
}

export class GpuExecutable implements Executable {
  readonly temporaryBytes: number;
  readonly #program: Program;
  readonly #host: ExecutableHost;
  readonly #places: (Place | null)[];
  /** Of this program alone. */
  readonly #pool: BufferPool;
  readonly #pages: ParameterPages;
  readonly #dispatches: Dispatch[] = [];
  /** The instructions that each dispatch works for. */
  readonly #users: (readonly number[])[] = [];
  readonly #costs: DispatchCost[] = [];
  readonly #changing: Changing[] = [];
  readonly #inputs: readonly Place[];
  readonly #outputs: readonly Place[];

  constructor(program: Program, host: ExecutableHost) {
    this.#program = program;
    this.#host = host;
    this.#pool = new BufferPool(host.device, host.poison, host.inherited);
    this.#pages = new ParameterPages(host.device);
    this.#places = program.values.map(({ kind, storage, length }) =>
      kind === "external" ? host.placeOf(storage!) : kind === "input" ? takePlace(this.#pool, length) : null,
    );
    try {
      this.#lowerAll();
    } catch (error) {
      this.#pool.destroy();
      throw error;
    } finally {
      this.#pool.endInherited();
    }
    this.#pages.upload();
    this.#inputs = program.inputs.map((view) => this.#operand(view).place);
    this.#outputs = program.outputs.map((view) => this.#operand(view).place);
    this.temporaryBytes = this.#pool.bytes;
  }

  #operand(view: ValueView): BufferOperand {
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
    const halves = this.#program.precision === "float16" ? halfValues(this.#program) : null;
    const { device, pipelines, faults } = this.#host;
    const joined = new JoinedUpdates(pipelines, device.limits.maxStorageBuffersPerShaderStage, (call, members) => {
      const block = this.#pages.take(call.parameters);
      this.#dispatches.push(bindCall(device, call, block));
      this.#costs.push(dispatchCost(call));
      this.#users.push(members.map((member) => origins.get(member)!));
      members.forEach((member, m) => {
        slots.set(member, { block, at: m * member.parameters.length });
      });
    });
    const slots = new Map<Call, Slot>();
    const origins = new Map<Call, number>();
    let instructionNow = 0;
    const finish: (() => void)[] = [];
    let calls: Call[] = [];
    const scratch = new Scratch(this.#pool);
    const take = (call: Call): void => {
      calls.push(call);
      origins.set(call, instructionNow);
      joined.add(call);
    };
    const plan = planInto(take, pipelines, scratch, faults);
    instructions.forEach((instruction, at) => {
      // indices are checked by their ops, on the device
      if (instruction.kind === "check") return;
      instructionNow = at;
      for (const { value } of instruction.outputs)
        this.#places[value] ??= takePlace(this.#pool, values[value]!.length, halves?.[value]);
      const operands = {
        inputs: instruction.inputs.map((view) => this.#operand(view)),
        outputs: instruction.outputs.map((view) => this.#operand(view)),
      };
      const attrs = resolveScalars(instruction.attrs);
      this.#host.lower(instruction, operands.inputs, operands.outputs, attrs, plan);
      if (hasScalar(instruction.attrs)) {
        const { members } = this.#changingWith(instruction.attrs);
        const own = calls;
        // updates that wait to be joined have no place yet
        finish.push(() => members.push({ instruction, ...operands, slots: own.map((call) => slots.get(call)!) }));
      }
      scratch.giveBack();
      calls = [];
      for (const value of new Set([...instruction.inputs, ...instruction.outputs].map((view) => view.value)))
        if (values[value]!.kind === "temporary" && last.get(value) === at)
          this.#pool.give(bufferOf(this.#places[value]!));
    });
    joined.flush();
    for (const add of finish) add();
  }

  #changingWith(attrs: object): Changing {
    const known = this.#changing.find((one) => sameAttrs(one.attrs, attrs));
    if (known) return known;
    const scalars = scalarsOf(attrs);
    const made = { attrs, scalars, values: scalars.map(({ value }) => value), members: [] };
    this.#changing.push(made);
    return made;
  }

  /** Lowering again is how a new scalar becomes parameters. */
  #renewScalars(): void {
    let slots: readonly Slot[] = [];
    let next = 0;
    const scratch = new Scratch(this.#pool);
    const take = ({ parameters }: Call): void => {
      const { block, at } = slots[next++]!;
      this.#pages.set(block, parameters, at);
    };
    const plan = planInto(take, this.#host.pipelines, scratch, this.#host.faults);
    for (const changing of this.#changing) {
      const { scalars, values, members } = changing;
      if (scalars.every(({ value }, i) => value === values[i])) continue;
      changing.values = scalars.map(({ value }) => value);
      const attrs = resolveScalars(changing.attrs);
      for (const member of members) {
        slots = member.slots;
        next = 0;
        this.#host.lower(member.instruction, member.inputs, member.outputs, attrs, plan);
        scratch.giveBack();
      }
    }
    this.#pages.upload();
  }

  run(inputs: readonly Storage[], offsets: readonly number[]): void {
    const { queue } = this.#host;
    queue.flush();
    // nothing is kept from run to run
    this.#pool.takeAnew();
    this.#renewScalars();
    queue.submit((encoder) => {
      this.#copyInputs(encoder, inputs, offsets);
      encodePass(encoder, this.#dispatches);
    }, this.#dispatches.length);
  }

  #copyInputs(encoder: GPUCommandEncoder, inputs: readonly Storage[], offsets: readonly number[]): void {
    this.#inputs.forEach((to, i) => {
      const from = this.#host.placeOf(inputs[i]!);
      copyPlace(encoder, { ...from, offset: from.offset + offsets[i]! }, to);
    });
  }

  copyOutput(i: number, to: Storage, offset = 0): void {
    const place = this.#host.placeOf(to);
    const target = { ...place, offset: place.offset + offset, length: place.length - offset };
    this.#host.queue.submit((encoder) => copyPlace(encoder, this.#outputs[i]!, target));
  }

  /** What each dispatch of a run costs by its own declaration, in their order. */
  get costs(): readonly (DispatchCost & WorkShare)[] {
    const { instructions } = this.#program;
    const flops = instructions.map((instruction) => costOf(this.#program, instruction).flops);
    return shareWork(this.#costs, this.#users, flops).map((share, i) => ({
      ...this.#costs[i]!,
      ...share,
      ops: [...new Set(this.#users[i]!.map((user) => instructions[user]!.op))],
    }));
  }

  get dispatchCount(): number {
    return this.#dispatches.length;
  }

  /** Throws BackendError: the device's times come later, from timed(). */
  profile(): readonly InstructionTime[] {
    throw new BackendError(
      "profile: the gpu backend knows its times only later, expected the wasm backend",
      "npm run tensorone -- bench --backend gpu profiles a step",
    );
  }

  /**
   * Runs once more on the inputs of the run before, dispatch by dispatch; a row per instruction, which gets its share of a
   * dispatch that works for several.
   */
  async timed(): Promise<{ readonly clock: Clock; readonly rows: readonly ProfileRow[] }> {
    const { device, queue } = this.#host;
    queue.flush();
    const ms = this.#program.instructions.map(() => 0);
    const times = await timeDispatches(device, this.#dispatches);
    times.forEach((time, i) => {
      const users = this.#users[i]!;
      for (const user of users) ms[user]! += time / users.length;
    });
    const rows = this.#program.instructions.map((instruction, i) => ({
      op: instruction.op,
      shapes: [...instruction.inputs, ...instruction.outputs].map(({ shape }) => shape),
      ms: ms[i]!,
      ...costOf(this.#program, instruction),
    }));
    return { clock: clockOf(device), rows };
  }

  dispose(): void {
    this.#pool.destroy();
    this.#pages.destroy();
    this.#host.onEnd();
  }
}

/** As many elements as `to` has. */
function copyPlace(encoder: GPUCommandEncoder, from: Place, to: Place): void {
  encoder.copyBufferToBuffer(
    bufferOf(from).buffer,
    4 * from.offset,
    bufferOf(to).buffer,
    4 * to.offset,
    4 * Math.min(from.length, to.length),
  );
}
