/**
 * A proxy between two ranks that, once they have met, flips a bit, or drops, repeats or reorders bytes or whole messages of one sum. It
 * has to be noticed within that step by a line that names the peer, and no rank may get another sum than the right one.
 */
import { randomBytes } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import { MeshGroup } from "../../src/distributed/mesh-group.js";
import { HEAD_BYTES } from "../../src/distributed/sockets/frame.js";
import { meet } from "../../src/distributed/sockets/rendezvous.js";
import { SocketTransport } from "../../src/distributed/sockets/socket-transport.js";
import { Draw } from "./mutants/mutators.js";

export const wireFaultKinds = ["flip", "drop", "repeat", "reorder"] as const;
export type WireFaultKind = (typeof wireFaultKinds)[number];

export interface WireFaultOutcome {
  readonly trials: number;
  /** Of each kind. */
  readonly tried: Readonly<Record<WireFaultKind, number>>;
  /** Trials in which nobody noticed, a wrong sum was given, or the peer was not named: each with its seed. */
  readonly failures: readonly string[];
  /** The longest time from the fault to its error. */
  readonly slowestMs: number;
}

const HOST = "127.0.0.1";
const STEPS = 3;
/** Two buckets of the transport and a bit, so that a sum is several messages each way. */
const LENGTH = 170_001;
const DEADLINE_MS = 20_000;
/** What one direction carries in a sum: half of the own part, and half of the sum. */
const CARRIED_BYTES = 4 * LENGTH;

/** Runs trials, whose kinds take turns; `seed` and the number of a trial give all it draws. */
export async function wireFaults({ trials = 200, seed = 0 } = {}): Promise<WireFaultOutcome> {
  const failures: string[] = [];
  const tried = { flip: 0, drop: 0, repeat: 0, reorder: 0 };
  let slowestMs = 0;
  for (let trial = 0; trial < trials; trial++) {
    const kind = wireFaultKinds[trial % wireFaultKinds.length]!;
    tried[kind]++;
    const { problem, ms } = await runTrial(kind, new Draw(seed + trial));
    if (problem !== null) failures.push(`${kind}, seed ${seed + trial}: ${problem}`);
    slowestMs = Math.max(slowestMs, ms);
  }
  return { trials, tried, failures, slowestMs };
}

interface TrialOutcome {
  readonly problem: string | null;
  readonly ms: number;
}

async function runTrial(kind: WireFaultKind, draw: Draw): Promise<TrialOutcome> {
  const secret = randomBytes(32).toString("hex");
  const proxy = new Between();
  const [port, proxyPort] = [await freePort(), await freePort()];
  await proxy.listen(proxyPort, port);
  const groups = await Promise.all(
    [port, proxyPort].map(async (dialled, rank) => {
      const at = { kind: "tcp", host: HOST, port: dialled } as const;
      const peers = await meet({ rank, worldSize: 2, at, secret, deadlineMs: DEADLINE_MS, onNotice: () => {} });
      const identity = { launcher: "torchrun", rank, worldSize: 2, localRank: rank, localSize: 2 } as const;
      const transport = new SocketTransport({ ...identity, masterAddr: HOST }, peers, "sockets");
      return new MeshGroup(transport, { deadlineMs: DEADLINE_MS });
    }),
  );
  try {
    return await stepUntilNoticed(kind, groups, proxy, draw);
  } finally {
    // neither leaves properly: the connection is broken
    await Promise.all(groups.map((group) => group.abort("the trial is over").catch(() => {})));
    proxy.close();
  }
}

async function stepUntilNoticed(
  kind: WireFaultKind,
  groups: readonly MeshGroup[],
  proxy: Between,
  draw: Draw,
): Promise<TrialOutcome> {
  const parts = [0, 1].map((rank) => Float32Array.from({ length: LENGTH }, (_, i) => Math.sin(rank + i)));
  const right = parts[0]!.map((value, i) => Math.fround(value + parts[1]![i]!));
  const faulty = draw.below(STEPS);
  for (let step = 0; step <= faulty; step++) {
    const into = parts.map(() => new Float32Array(LENGTH));
    if (step === faulty)
      proxy.arm({
        kind,
        isUpward: draw.below(2) === 0,
        isWhole: draw.below(2) === 0,
        at: draw.below(CARRIED_BYTES),
        size: 1 + draw.below(4096),
        bit: draw.below(8),
      });
    const results = await Promise.allSettled(groups.map((group, i) => runStep(group, parts[i]!, into[i]!)));
    const ms = proxy.hitAt === null ? 0 : performance.now() - proxy.hitAt;
    const isWrong = results.some(
      ({ status }, rank) => status === "fulfilled" && into[rank]!.some((value, i) => value !== right[i]),
    );
    if (isWrong) return { problem: `a wrong sum in step ${step}`, ms };
    const errors = results.flatMap((result) =>
      result.status === "rejected" ? [(result.reason as Error).message] : [],
    );
    if (step < faulty && errors.length > 0) return { problem: `an error before the fault: ${errors[0]}`, ms };
    if (step < faulty) continue;
    if (proxy.hitAt === null) return { problem: "the proxy had nothing to damage", ms };
    if (errors.length === 0) return { problem: "nobody noticed", ms };
    if (!errors.every((line) => /rank [01]/.test(line))) return { problem: `no peer named: ${errors[0]}`, ms };
    return { problem: null, ms };
  }
  return { problem: "no step was faulty", ms: 0 };
}

/** A sum of gradients, then of a number, as a step of training has them; what came twice stands before the second. */
async function runStep(group: MeshGroup, part: Float32Array, into: Float32Array): Promise<void> {
  await group.sumReplicas([part], 2, into);
  await group.allReduce(Float64Array.of(1), "sum");
}

interface Fault {
  readonly kind: WireFaultKind;
  /** From rank 1 to rank 0. */
  readonly isUpward: boolean;
  /** A whole message from its head, else bytes from anywhere. */
  readonly isWhole: boolean;
  /** Bytes of this direction after which it strikes. */
  readonly at: number;
  readonly size: number;
  readonly bit: number;
}

/** Carries both directions of one connection; damages one piece of one of them once it is armed. */
class Between {
  hitAt: number | null = null;
  readonly #sockets: Socket[] = [];
  #server: Server | null = null;
  #upward: Carrier | null = null;
  #downward: Carrier | null = null;

  async listen(port: number, onward: number): Promise<void> {
    this.#server = createServer((dialler) => {
      const acceptor = connect({ host: HOST, port: onward });
      this.#sockets.push(dialler, acceptor);
      for (const socket of [dialler, acceptor]) socket.on("error", () => {});
      const onHit = () => {
        this.hitAt = performance.now();
      };
      this.#upward = new Carrier(dialler, acceptor, onHit);
      this.#downward = new Carrier(acceptor, dialler, onHit);
    });
    await new Promise<void>((resolve) => this.#server!.listen(port, HOST, resolve));
  }

  arm(fault: Fault): void {
    (fault.isUpward ? this.#upward : this.#downward)?.arm(fault);
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** One direction. Unarmed, it hands on what comes; armed, it follows the heads, whose lengths anybody may read. */
class Carrier {
  readonly #to: Socket;
  readonly #onHit: () => void;
  #fault: Fault | null = null;
  #passed = 0;
  #kept: Buffer = Buffer.alloc(0);

  constructor(from: Socket, to: Socket, onHit: () => void) {
    this.#to = to;
    this.#onHit = onHit;
    from.on("data", (chunk) => this.#carry(chunk));
    from.on("end", () => {
      this.#to.write(this.#kept);
      this.#to.end();
    });
    from.on("close", () => this.#to.destroySoon());
  }

  /** Between two messages: what was sent so far has arrived. */
  arm(fault: Fault): void {
    this.#fault = fault;
    this.#passed = 0;
  }

  #carry(chunk: Buffer): void {
    if (!this.#fault) return void this.#to.write(chunk);
    this.#kept = Buffer.concat([this.#kept, chunk]);
    while (this.#fault && this.#handOn(this.#fault));
    if (this.#fault) return;
    this.#to.write(this.#kept);
    this.#kept = Buffer.alloc(0);
  }

  /** Hands on one message, damaged where it is the one; false where it is not whole yet. */
  #handOn(fault: Fault): boolean {
    const first = lengthOf(this.#kept);
    // a piece to change places with
    const needed = first + (fault.kind === "reorder" ? lengthOf(this.#kept.subarray(first)) : 0);
    const isHit = this.#passed + first > fault.at;
    if (this.#kept.length < (isHit ? needed : first) || first === 0) return false;
    const message = this.#kept.subarray(0, first);
    if (isHit) {
      this.#fault = null;
      this.#onHit();
      this.#to.write(damaged(this.#kept.subarray(0, needed), first, fault));
      this.#kept = this.#kept.subarray(needed);
      return true;
    }
    this.#to.write(message);
    this.#passed += first;
    this.#kept = this.#kept.subarray(first);
    return true;
  }
}

/** Bytes of the message that begins here; infinite where its head is not whole. */
function lengthOf(bytes: Buffer): number {
  return bytes.length < HEAD_BYTES ? Number.POSITIVE_INFINITY : HEAD_BYTES + bytes.readUInt32LE(12);
}

/** The message (for reorder: two, of which the first has `first` bytes) after the fault. */
function damaged(bytes: Buffer, first: number, { kind, isWhole, at, size, bit }: Fault): Buffer {
  const message = bytes.subarray(0, first);
  const begin = isWhole ? 0 : at % first;
  const end = isWhole ? first : Math.min(first, begin + size);
  const [before, piece, after] = [message.subarray(0, begin), message.subarray(begin, end), message.subarray(end)];
  if (kind === "flip") {
    const changed = Buffer.from(message);
    changed[at % first]! ^= 1 << bit;
    return changed;
  }
  if (kind === "drop") return Buffer.concat([before, after]);
  if (kind === "repeat") return Buffer.concat([before, piece, piece, after]);
  if (isWhole) return Buffer.concat([bytes.subarray(first), message]);
  // two halves of the piece that differ
  const half = begin + Math.ceil((end - begin) / 2);
  const swapped = Buffer.concat([before, message.subarray(half, end), message.subarray(begin, half), after]);
  return Buffer.concat([swapped.equals(message) ? Buffer.from(message).reverse() : swapped, bytes.subarray(first)]);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, HOST, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
