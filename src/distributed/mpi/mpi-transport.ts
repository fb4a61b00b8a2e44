/**
 * Point-to-point messages over MPI. Sends and receives only begin here; the event loop asks again and again which are
 * done. So no call blocks: deadlines, signals and the launcher's goodbye are heard while a rank waits, a process can always
 * end, and one thread is enough.
 */
import { DistributedError } from "../../util/errors.js";
import type { RankIdentity } from "../environment.js";
import { ops, type Tag, type Transport } from "../transport.js";
import type { Mpi } from "./library.js";

/** Large enough for MPI's zero-copy paths, small enough to overlap adding; measured with bench/all-reduce. */
const BUCKET_BYTES = 1 << 20;
/** Without pause for so long, then other events get their turn. */
const BURST_MS = 0.3;
/** After so long without a message the core is lent to others between two looks: MPI itself would keep it busy. */
const IDLE_MS = 5;
/** Tags below 2¹⁵ are allowed everywhere (MPI 4.0, MPI_TAG_UB). */
const TAG_ROUNDS = 4096;
/** 75: temporary failure, try again (sysexits.h). */
const ABORT_CODE = 75;
/** What was written last needs this to pass through the launcher, which throws it away at an abort (MPICH). */
const LAST_LINES_MS = 150;

interface Request {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** MPI works on this memory until the request is done. */
  readonly bytes: Uint8Array;
}

export class MpiTransport implements Transport {
  readonly rank: number;
  readonly worldSize: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly transport: string;
  readonly bucketBytes = BUCKET_BYTES;
  readonly #mpi: Mpi;
  #requests: Request[] = [];
  /** MPI's own handles, in the order of #requests. */
  #handles = new Uint8Array(0);
  #indices = new Int32Array(0);
  #isPolling = false;
  #lastArrival = 0;
  #failure: Error | null = null;
  #isFinal = false;

  /** `mpi` is initialised. */
  constructor(mpi: Mpi, { rank, worldSize, localRank, localSize }: RankIdentity) {
    this.#mpi = mpi;
    this.rank = rank;
    this.worldSize = worldSize;
    this.localRank = localRank;
    this.localSize = localSize;
    this.transport = `mpi (${mpi.version})`;
    // the others would wait for a rank that has ended in its own way: MPI has to be told
    process.on("exit", (code) => {
      if (this.#isFinal) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_LINES_MS);
      mpi.abort(code || ABORT_CODE);
    });
  }

  get failure(): Error | null {
    return this.#failure;
  }

  send(to: number, bytes: Uint8Array, tag: Tag): Promise<void> {
    return this.#begin(bytes, (request) => this.#mpi.send(bytes, to, numberOf(tag), request));
  }

  receive(from: number, into: Uint8Array, tag: Tag): Promise<void> {
    return this.#begin(into, (request) => this.#mpi.receive(into, from, numberOf(tag), request));
  }

  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#requests) reject(this.#failure);
  }

  /** MPI ends all ranks as soon as this process does, see the constructor. */
  async abort(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#failure || this.#isFinal) return;
    this.#isFinal = true;
    this.#mpi.finalize();
  }

  #begin(bytes: Uint8Array, start: (request: Uint8Array) => void): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const { requestBytes } = this.#mpi;
      const at = this.#requests.length * requestBytes;
      this.#reserve(this.#requests.length + 1);
      start(this.#handles.subarray(at, at + requestBytes));
      this.#requests.push({ resolve, reject, bytes });
      if (this.#isPolling) return;
      this.#isPolling = true;
      this.#lastArrival = performance.now();
      setImmediate(this.#poll);
    });
  }

  readonly #poll = (): void => {
    // nothing is waited for any more, and MPI may keep what it has begun until the process ends
    if (this.#failure) return;
    const begin = performance.now();
    let now = begin;
    while (this.#requests.length > 0 && now - begin < BURST_MS) {
      const done = this.#settle();
      now = performance.now();
      if (done === 0) continue;
      this.#lastArrival = now;
      // those who waited go on before MPI is asked again: they may have the next message to send
      break;
    }
    if (this.#requests.length === 0) this.#isPolling = false;
    else if (now - this.#lastArrival > IDLE_MS) setTimeout(this.#poll, 1);
    else setImmediate(this.#poll);
  };

  /** Resolves what is done and closes the gaps; returns how many. */
  #settle(): number {
    const { requestBytes } = this.#mpi;
    const done = this.#mpi.testSome(this.#requests.length, this.#handles, this.#indices);
    if (done <= 0) return 0;
    const indices = new Set(this.#indices.subarray(0, done));
    const kept: Request[] = [];
    for (const [i, request] of this.#requests.entries()) {
      if (indices.has(i)) {
        request.resolve();
        continue;
      }
      this.#handles.copyWithin(kept.length * requestBytes, i * requestBytes, (i + 1) * requestBytes);
      kept.push(request);
    }
    this.#requests = kept;
    return done;
  }

  #reserve(count: number): void {
    const { requestBytes } = this.#mpi;
    if (this.#handles.length >= count * requestBytes) return;
    const handles = new Uint8Array(2 * count * requestBytes);
    handles.set(this.#handles);
    this.#handles = handles;
    this.#indices = new Int32Array(2 * count);
  }
}

/** Messages of one collective share a tag; those of the next one cannot be taken for them. */
function numberOf({ op, sequence }: Tag): number {
  return (sequence % TAG_ROUNDS) * ops.length + ops.indexOf(op);
}

/** The world of this MPI job must be the one that the environment speaks of. Throws DistributedError where it is not. */
export function expectWorld(mpi: Mpi, { rank, worldSize, launcher }: RankIdentity): void {
  const [mpiRank, mpiSize] = [mpi.rank(), mpi.size()];
  if (mpiRank === rank && mpiSize === worldSize) return;
  throw new DistributedError(
    `mpi: ${mpi.version} calls this rank ${mpiRank} of ${mpiSize}, ${launcher} calls it ${rank} of ${worldSize}`,
    "the launcher and the library must be of one kind: mpirun of the same MPI, srun --mpi=pmix, or --transport sockets",
  );
}
