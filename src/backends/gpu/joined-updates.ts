/**
 * Updates of one kind as one dispatch: an optimiser moves hundreds of small tensors one after the other, and what a
 * dispatch costs the host and the device does not depend on how little it does. They wait for more of their kind until
 * another call touches their buffers: the order of all that touch one buffer stays.
 */
import type { Call } from "./calls.js";
import { foldGroups } from "./groups.js";
import type { InPlaceKernel } from "./kernel.js";
import { BLOCK_BYTES } from "./parameter-pages.js";
import { FLAT_WORKGROUP, memberBytes, type PipelineCache } from "./pipelines.js";

/** The calls that went into one; the parameters of the one follow each other in their order. */
type Emit = (call: Call, members: readonly Call[]) => void;

const isWritten = ({ pipeline }: Call, i: number): boolean => pipeline.access[i] === "write";

/** Updates by one kernel that touch nothing that another one of them writes. */
interface Waiting {
  readonly calls: Call[];
  /** Ids of buffers. */
  readonly written: Set<number>;
  readonly read: Set<number>;
}

/** Whether the order of this call and those that wait matters. */
const touches = (call: Call, { written, read }: Waiting): boolean =>
  call.bound.some(({ pooled }, i) => written.has(pooled.id) || (isWritten(call, i) && read.has(pooled.id)));

export class JoinedUpdates {
  readonly #pipelines: PipelineCache;
  /** Buffers that a kernel may bind. */
  readonly #bindings: number;
  readonly #emit: Emit;
  readonly #waiting = new Map<InPlaceKernel, Waiting>();

  constructor(pipelines: PipelineCache, bindings: number, emit: Emit) {
    this.#pipelines = pipelines;
    this.#bindings = bindings;
    this.#emit = emit;
  }

  /** What does not touch those that wait overtakes them. */
  add(call: Call): void {
    for (const [kernel, waiting] of this.#waiting) if (touches(call, waiting)) this.#end(kernel, waiting);
    if (!call.update) {
      this.#emit(call, [call]);
      return;
    }
    const waiting = this.#waiting.get(call.update) ?? { calls: [], written: new Set(), read: new Set() };
    this.#waiting.set(call.update, waiting);
    waiting.calls.push(call);
    call.bound.forEach(({ pooled }, i) => {
      (isWritten(call, i) ? waiting.written : waiting.read).add(pooled.id);
    });
  }

  /** Emits what waits. */
  flush(): void {
    for (const [kernel, waiting] of this.#waiting) this.#end(kernel, waiting);
  }

  /** In groups of a power of two, so that few pipelines serve all. */
  #end(kernel: InPlaceKernel, { calls }: Waiting): void {
    this.#waiting.delete(kernel);
    const bindings = calls[0]!.bound.length;
    const most = Math.min(Math.floor(this.#bindings / bindings), Math.floor(BLOCK_BYTES / memberBytes(kernel)));
    for (let at = 0; at < calls.length; ) {
      const count = 2 ** Math.floor(Math.log2(Math.min(most, calls.length - at)));
      const members = calls.slice(at, at + count);
      this.#emit(count === 1 ? members[0]! : this.#joined(kernel, members), members);
      at += count;
    }
  }

  #joined(kernel: InPlaceKernel, members: readonly Call[]): Call {
    const words = members[0]!.parameters.length;
    const parameters = new Uint32Array(members.length * words);
    members.forEach((member, m) => {
      parameters.set(member.parameters, m * words);
    });
    const longest = Math.max(...members.map((member) => member.parameters[0]!));
    return {
      pipeline: this.#pipelines.ofInPlace(kernel, members.length),
      bound: members.flatMap((member) => member.bound),
      groups: foldGroups(longest, FLAT_WORKGROUP).groups,
      parameters,
      update: kernel,
      working: members.reduce((sum, member) => sum + member.parameters[0]!, 0),
    };
  }
}
