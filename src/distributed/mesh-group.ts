/**
 * The process group over any transport that carries messages between two ranks: the collectives, written once. Everybody
 * adds everything in the same order, so every rank gets the same bits whatever the transport.
 */
import { expectParts, type ProcessGroup } from "../train/replicas/process-group.js";
import { DistributedError } from "../util/errors.js";
import { Adder } from "./adder.js";
import { Exchange } from "./exchange.js";
import { PeerError } from "./peer-error.js";
import { planSum, type SumPlan, type SumTerm } from "./sum-plan.js";
import type { CollectiveName, Transport } from "./transport.js";

export interface MeshOptions {
  /** A collective that has not ended after this fails, naming who is late. */
  readonly deadlineMs: number;
  /** Hears whose fault it is when a collective fails. */
  readonly onBlame?: (peers: readonly number[]) => void;
}

/** Messages of the sum that are awaited ahead of the one being added. */
const WINDOW = 2;
/** Nobody waits longer for others to leave. */
const CLOSE_MS = 5000;

const combine = {
  sum: (a: number, b: number) => a + b,
  max: Math.max,
  min: Math.min,
} as const;

export class MeshGroup implements ProcessGroup {
  readonly #transport: Transport;
  readonly #deadlineMs: number;
  readonly #onBlame: (peers: readonly number[]) => void;
  readonly #plans = new Map<number, SumPlan>();
  readonly #adder = new Adder();
  #sequence = 0;
  #running: CollectiveName | null = null;

  constructor(transport: Transport, { deadlineMs, onBlame = () => {} }: MeshOptions) {
    this.#transport = transport;
    this.#onBlame = onBlame;
    this.#deadlineMs = deadlineMs;
  }

  get rank(): number {
    return this.#transport.rank;
  }
  get worldSize(): number {
    return this.#transport.worldSize;
  }
  get localRank(): number {
    return this.#transport.localRank;
  }
  get localSize(): number {
    return this.#transport.localSize;
  }
  get transport(): string {
    return this.#transport.transport;
  }

  /**
   * Every rank owns a slice of the vector: it gets the others' partial sums of it, adds them, and sends the sum to all.
   * Each number travels as often as in a ring, in two hops instead of 2 (W − 1), and each is added by one rank alone.
   */
  async sumReplicas(parts: readonly Float32Array[], replicas: number, into: Float32Array): Promise<void> {
    const plan = this.#planFor(replicas);
    expectParts(parts, plan.partsOf[this.rank]!, into.length);
    const buckets = Array.from({ length: this.worldSize }, (_, rank) => this.#bucketsOf(rank, into.length));
    await this.#collective("sumReplicas", async (exchange) => {
      for (const to of this.#others())
        for (const [begin, end] of buckets[to]!)
          for (const part of parts) exchange.send(to, bytesOf(part.subarray(begin, end)));
      await this.#sumOwn(exchange, plan, parts, buckets[this.rank]!, into);
      await Promise.all(
        this.#others().flatMap((from) =>
          buckets[from]!.map(([begin, end]) => exchange.receive(from, bytesOf(into.subarray(begin, end)))),
        ),
      );
    });
  }

  async allReduce(values: Float64Array, op: "sum" | "max" | "min"): Promise<void> {
    await this.#collective("allReduce", async (exchange) => {
      const own = values.slice();
      const all = Array.from({ length: this.worldSize }, (_, rank) =>
        rank === this.rank ? own : new Float64Array(values.length),
      );
      for (const to of this.#others()) exchange.send(to, bytesOf(own));
      await Promise.all(this.#others().map((from) => exchange.receive(from, bytesOf(all[from]!))));
      for (let i = 0; i < values.length; i++) values[i] = all.map((of) => of[i]!).reduce((a, b) => combine[op](a, b));
    });
  }

  async broadcast(bytes: Uint8Array, root = 0): Promise<void> {
    await this.#collective("broadcast", async (exchange) => {
      for (let begin = 0; begin < bytes.length; begin += this.#transport.bucketBytes) {
        const bucket = bytes.subarray(begin, begin + this.#transport.bucketBytes);
        if (this.rank !== root) await exchange.receive(root, bucket);
        else for (const to of this.#others()) exchange.send(to, bucket);
      }
    });
  }

  async barrier(): Promise<void> {
    await this.#barrier(this.#deadlineMs);
  }

  async abort(reason: string): Promise<void> {
    await this.#transport.abort(reason);
    this.#transport.fail(new DistributedError(`rank ${this.rank} has left its group: ${reason}`));
  }

  async close(): Promise<void> {
    if (!this.#transport.failure) await this.#barrier(Math.min(CLOSE_MS, this.#deadlineMs));
    await this.#transport.close();
  }

  #barrier(deadlineMs: number): Promise<void> {
    const nothing = new Uint8Array(0);
    const meet = async (exchange: Exchange) => {
      for (const to of this.#others()) exchange.send(to, nothing);
      await Promise.all(this.#others().map((from) => exchange.receive(from, nothing)));
    };
    return this.#collective("barrier", meet, deadlineMs);
  }

  /** Adds the buckets that this rank owns, and sends each as soon as it is there. */
  async #sumOwn(
    exchange: Exchange,
    plan: SumPlan,
    parts: readonly Float32Array[],
    buckets: readonly Range[],
    into: Float32Array,
  ): Promise<void> {
    const slots = new Slots(plan, this.rank);
    this.#adder.reserve(slots.count, longest(buckets));
    const arrivals: Promise<unknown>[] = [];
    const expect = (b: number) => {
      if (b >= buckets.length) return;
      const length = lengthOf(buckets[b]!);
      const messages = this.#others().flatMap((from) =>
        Array.from({ length: plan.partsOf[from]! }, (_, part) =>
          exchange.receive(from, bytesOf(this.#adder.view(slots.incoming(b, from, part), length))),
        ),
      );
      const arrival = Promise.all(messages);
      arrival.catch(() => {});
      arrivals.push(arrival);
    };
    for (let b = 0; b < WINDOW; b++) expect(b);
    for (const [b, [begin, end]] of buckets.entries()) {
      const length = end - begin;
      for (const [i, part] of parts.entries()) this.#adder.view(slots.own(i), length).set(part.subarray(begin, end));
      await arrivals[b];
      const at = (operand: SumTerm) => slots.of(operand, b);
      for (const { left, right, target } of plan.steps) this.#adder.add(at(left), at(right), at(target), length);
      const result = into.subarray(begin, end);
      result.set(this.#adder.view(at(plan.root), length));
      for (const to of this.#others()) exchange.send(to, bytesOf(result));
      expect(b + WINDOW);
    }
  }

  /** Runs the messages of one collective under its deadline; afterwards all that was sent has left. */
  async #collective(
    op: CollectiveName,
    body: (exchange: Exchange) => Promise<void>,
    deadlineMs = this.#deadlineMs,
  ): Promise<void> {
    if (this.#transport.failure) throw this.#blamed(this.#transport.failure);
    if (this.#running)
      throw new DistributedError(
        `${op}: called while ${this.#running} is under way, expected one collective at a time`,
      );
    this.#running = op;
    const exchange = new Exchange(this.#transport, { op, sequence: ++this.#sequence });
    const timer = setTimeout(() => this.#transport.fail(exchange.lateError(deadlineMs)), deadlineMs);
    try {
      await body(exchange);
      await exchange.sent();
    } catch (error) {
      throw this.#blamed(error);
    } finally {
      clearTimeout(timer);
      this.#running = null;
    }
  }

  /** The failure may have come between two collectives: the next one then names the rank at fault as well. */
  #blamed(error: unknown): unknown {
    if (error instanceof PeerError) this.#onBlame(error.peers);
    return error;
  }

  #others(): number[] {
    return Array.from({ length: this.worldSize - 1 }, (_, i) => (this.rank + 1 + i) % this.worldSize);
  }

  #planFor(replicas: number): SumPlan {
    const known = this.#plans.get(replicas);
    if (known) return known;
    const plan = planSum(replicas, this.worldSize);
    this.#plans.set(replicas, plan);
    return plan;
  }

  /** The slice of a rank, cut into messages. */
  #bucketsOf(rank: number, length: number): Range[] {
    const begin = Math.floor((length * rank) / this.worldSize);
    const end = Math.floor((length * (rank + 1)) / this.worldSize);
    const size = this.#transport.bucketBytes / Float32Array.BYTES_PER_ELEMENT;
    return Array.from({ length: Math.ceil((end - begin) / size) }, (_, i) => [
      begin + i * size,
      Math.min(end, begin + (i + 1) * size),
    ]);
  }
}

type Range = readonly [begin: number, end: number];

const lengthOf = ([begin, end]: Range): number => end - begin;
const longest = (ranges: readonly Range[]): number =>
  ranges.reduce((most, range) => Math.max(most, lengthOf(range)), 0);

/** Which slot of the adder holds what: own parts, temporaries, the result, and messages for a window of buckets. */
class Slots {
  readonly count: number;
  readonly #plan: SumPlan;
  readonly #rank: number;
  readonly #firstOf: readonly number[];
  readonly #perBucket: number;

  constructor(plan: SumPlan, rank: number) {
    this.#plan = plan;
    this.#rank = rank;
    let foreign = 0;
    this.#firstOf = plan.partsOf.map((parts, of) => {
      const first = foreign;
      if (of !== rank) foreign += parts;
      return first;
    });
    this.#perBucket = foreign;
    this.count = this.#result + 1 + WINDOW * foreign;
  }

  own(part: number): number {
    return part;
  }

  incoming(bucket: number, rank: number, part: number): number {
    return this.#result + 1 + (bucket % WINDOW) * this.#perBucket + this.#firstOf[rank]! + part;
  }

  of(operand: SumTerm, bucket: number): number {
    if (operand.kind === "result") return this.#result;
    if (operand.kind === "temporary") return this.#plan.partsOf[this.#rank]! + operand.index;
    const { rank, part } = operand;
    return rank === this.#rank ? this.own(part) : this.incoming(bucket, rank, part);
  }

  get #result(): number {
    return this.#plan.partsOf[this.#rank]! + this.#plan.temporaries;
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
