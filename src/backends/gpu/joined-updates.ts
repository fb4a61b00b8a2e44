/**
 * Updates of one kind as one dispatch: an optimiser moves hundreds of small tensors one after the other, and what a
 * dispatch costs the host and the device does not depend on how little it does. They wait for more of their kind until
 * somebody touches their buffers: the order of all that touch one buffer stays.
 */
import { type Bound, type Call, foldGroups } from "./calls.js";
import { BLOCK_BYTES } from "./parameter-pages.js";
import { FLAT_WORKGROUP, memberBytes, type PipelineCache } from "./pipelines.js";

/** The calls that went into one; the parameters of the one follow each other in their order. */
type Emit = (call: Call, members: readonly Call[]) => void;

const isWritten = ({ pipeline }: Call, i: number): boolean => pipeline.access[i] === "write";

export class JoinedUpdates {
  readonly #pipelines: PipelineCache;
  /** Buffers that a kernel may bind. */
  readonly #bindings: number;
  readonly #emit: Emit;
  #waiting: Call[] = [];
  /** Buffers of those that wait, written or read. */
  readonly #written = new Set<number>();
  readonly #read = new Set<number>();

  constructor(pipelines: PipelineCache, bindings: number, emit: Emit) {
    this.#pipelines = pipelines;
    this.#bindings = bindings;
    this.#emit = emit;
  }

  /** What does not touch those that wait overtakes them. */
  add(call: Call): void {
    if (this.#waiting.length > 0 && (this.#isOther(call) || this.#touches(call))) this.flush();
    if (!call.update) {
      this.#emit(call, [call]);
      return;
    }
    this.#waiting.push(call);
    call.bound.forEach(({ pooled }, i) => {
      (isWritten(call, i) ? this.#written : this.#read).add(pooled.id);
    });
  }

  #isOther({ update }: Call): boolean {
    return update !== null && update !== this.#waiting[0]!.update;
  }

  /** Whether the order of this call and one that waits matters. */
  #touches(call: Call): boolean {
    return call.bound.some(
      ({ pooled }, i) => this.#written.has(pooled.id) || (isWritten(call, i) && this.#read.has(pooled.id)),
    );
  }

  /** Emits what waits, in groups of a power of two, so that few pipelines serve all. */
  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#written.clear();
    this.#read.clear();
    if (waiting.length === 0) return;
    const { update, bound } = waiting[0]!;
    const most = Math.min(Math.floor(this.#bindings / bound.length), Math.floor(BLOCK_BYTES / memberBytes(update!)));
    for (let at = 0; at < waiting.length; ) {
      const count = 2 ** Math.floor(Math.log2(Math.min(most, waiting.length - at)));
      const members = waiting.slice(at, at + count);
      this.#emit(count === 1 ? members[0]! : this.#joined(members), members);
      at += count;
    }
  }

  #joined(members: readonly Call[]): Call {
    const { update, parameters: first } = members[0]!;
    const parameters = new Uint32Array(members.length * first.length);
    members.forEach((member, m) => {
      parameters.set(member.parameters, m * first.length);
    });
    const bound: Bound[] = members.flatMap((member) => member.bound);
    const longest = Math.max(...members.map((member) => member.parameters[0]!));
    const { groups } = foldGroups(longest, FLAT_WORKGROUP);
    return { pipeline: this.#pipelines.ofInPlace(update!, members.length), bound, groups, parameters, update };
  }
}
