/**
 * A flood at the meeting point: silent strangers who come back whenever they are shown out, beside as many honest ranks. Rank 0 is the
 * real one; the others dial, prove themselves and wait for the table as real ones do, many in this one process. They do not dial
 * each other: 1,024 ranks have 523,776 connections, more than one machine's limit of open files.
 */
import { randomBytes } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { dial } from "../../src/distributed/sockets/dial.js";
import { PROTOCOL_VERSION } from "../../src/distributed/sockets/handshake.js";
import { fasterMac } from "../../src/distributed/sockets/message-seal.js";
import { meet } from "../../src/distributed/sockets/rendezvous.js";

export interface Flood {
  /** Ranks besides rank 0. */
  readonly honest: number;
  readonly strangers: number;
  /** Connections without proof that rank 0 keeps at a time. Default: as a run of this size has them. */
  readonly mostUnproved?: number;
  readonly deadlineMs?: number;
}

export interface FloodOutcome {
  /** Honest ranks that have the table of all. */
  readonly met: number;
  /** What stopped those that have not, once each. */
  readonly problems: readonly string[];
  /** How often a stranger was shown out, and came again. */
  readonly shownOut: number;
  readonly seconds: number;
  /** What rank 0 said meanwhile. */
  readonly notices: readonly string[];
}

const HOST = "127.0.0.1";
const DEADLINE_MS = 60_000;
/** A stranger who was shown out needs this to come back. */
const STRANGER_MS = 50;

/** Runs one flood. Rejects only where this machine cannot hold it: too few open files. */
export async function floodRendezvous(flood: Flood): Promise<FloodOutcome> {
  const { honest, strangers, mostUnproved, deadlineMs = DEADLINE_MS } = flood;
  const secret = randomBytes(32).toString("hex");
  const port = await freePort();
  const worldSize = honest + 1;
  const notices: string[] = [];
  const begin = performance.now();
  const first = meet({
    rank: 0,
    worldSize,
    at: { kind: "tcp", host: HOST, port },
    secret,
    deadlineMs,
    onNotice: (text) => notices.push(text),
    ...(mostUnproved !== undefined && { mostUnproved }),
  });
  const rude = new Strangers(port, strangers);
  await rude.haveCome();
  const sockets: Socket[] = [];
  const problems = new Set<string>();
  const join = async (rank: number): Promise<boolean> => {
    const claim = () => ({ version: PROTOCOL_VERSION, from: rank, to: 0, worldSize, port: 1, mac: fasterMac() });
    const until = begin + deadlineMs;
    try {
      const options = { rank, secret, until, deadlineMs, claim, onNotice: () => {} };
      const { socket, channel } = await dial(0, { host: HOST, port }, options);
      sockets.push(socket);
      const { table } = await channel.read<{ table?: readonly unknown[] }>();
      return table?.length === worldSize;
    } catch (error) {
      problems.add((error as Error).message.replace(/rank \d+/g, "a rank"));
      return false;
    }
  };
  const joined = await Promise.all(Array.from({ length: honest }, (_, i) => join(i + 1)));
  await first.then(
    (peers) => sockets.push(...[...peers.values()].map(({ socket }) => socket)),
    (error: Error) => problems.add(error.message),
  );
  const seconds = (performance.now() - begin) / 1000;
  const shownOut = rude.leave();
  for (const socket of sockets) socket.destroy();
  return { met: joined.filter(Boolean).length, problems: [...problems], shownOut, seconds, notices };
}

/** Connections that say nothing, always as many. */
class Strangers {
  readonly #sockets = new Set<Socket>();
  readonly #port: number;
  readonly #arrivals: readonly Promise<void>[];
  #shownOut = 0;
  #isOver = false;

  constructor(port: number, count: number) {
    this.#port = port;
    this.#arrivals = Array.from({ length: count }, () => new Promise((resolve) => this.#come(resolve)));
  }

  async haveCome(): Promise<void> {
    await Promise.all(this.#arrivals);
  }

  /** Returns how often they were shown out. */
  leave(): number {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
    return this.#shownOut;
  }

  #come(arrived: () => void): void {
    if (this.#isOver) return;
    const socket = connect({ host: HOST, port: this.#port });
    let isIn = false;
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("connect", () => {
      isIn = true;
      arrived();
    });
    socket.on("close", () => {
      this.#sockets.delete(socket);
      if (isIn && !this.#isOver) this.#shownOut++;
      setTimeout(() => this.#come(arrived), STRANGER_MS).unref();
    });
    socket.resume();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, HOST, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
