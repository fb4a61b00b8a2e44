/**
 * How ranks find each other: every rank listens; all others dial rank 0, tell where they listen, and get the addresses of
 * all; then each dials the ranks between. Ends with one authenticated connection for each pair, and no listening port.
 */
import { connect, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DistributedError } from "../../util/errors.js";
import { formatSeconds, rankList } from "../exchange.js";
import { AuthenticatedChannel, PROTOCOL_VERSION, StrangerError } from "./handshake.js";

/** Sockets to all other ranks. */
export type Peers = ReadonlyMap<number, Socket>;

/** Where ranks meet: a folder of Unix sockets on one machine, or rank 0's host and port. */
export type MeetingPoint =
  | { readonly kind: "unix"; readonly folder: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

export interface RendezvousOptions {
  readonly rank: number;
  readonly worldSize: number;
  readonly at: MeetingPoint;
  readonly secret: string;
  /** All ranks are there within this time, or it throws. */
  readonly deadlineMs: number;
  /** A connection without proof of the secret by then is closed; a slow rank dials again. Default 5 s. */
  readonly greetingMs?: number;
  readonly onNotice: (text: string) => void;
}

type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** What a dialer says of itself. */
interface Claim {
  readonly version: number;
  readonly from: number;
  readonly to: number;
  readonly worldSize: number;
  /** Where it listens; its host is the one it dials from. */
  readonly port: number;
}

const DEFAULT_GREETING_MS = 5000;
/** Of those who have not proved themselves, so many at a time: a flood must not take all file descriptors. */
const MAX_UNPROVED = 256;
const retryMs = { first: 20, most: 1000 } as const;

/** Meets the other ranks. Throws DistributedError naming those who do not come, or why this rank is refused. */
export async function meet(options: RendezvousOptions): Promise<Peers> {
  return new Rendezvous(options).run();
}

class Rendezvous {
  readonly #options: RendezvousOptions;
  readonly #peers = new Map<number, Socket>();
  readonly #channels = new Map<number, AuthenticatedChannel>();
  readonly #addresses = new Map<number, Address>();
  readonly #unproved = new Set<Socket>();
  readonly #noticed = new Set<string>();
  readonly #until: number;
  readonly #server: Server;
  #onJoin: () => void = () => {};

  constructor(options: RendezvousOptions) {
    this.#options = options;
    this.#until = performance.now() + options.deadlineMs;
    this.#server = createServer({ pauseOnConnect: false }, (socket) => void this.#accept(socket));
  }

  async run(): Promise<Peers> {
    const { rank, worldSize } = this.#options;
    const higher = Array.from({ length: worldSize - 1 - rank }, (_, i) => rank + 1 + i);
    try {
      await this.#listen();
      if (rank > 0) {
        const table = await this.#joinFirst();
        const between = Array.from({ length: rank - 1 }, (_, i) => i + 1);
        await Promise.all(between.map((to) => this.#dial(to, table[to]!)));
      }
      await this.#everyone(higher);
      if (rank === 0) {
        const table = Array.from({ length: worldSize }, (_, r) => this.#addresses.get(r) ?? null);
        for (const channel of this.#channels.values()) channel.write({ table });
      }
      return this.#peers;
    } catch (error) {
      const reason = error instanceof DistributedError ? error.summary : String(error);
      for (const channel of this.#channels.values()) channel.write({ failed: reason });
      for (const socket of this.#peers.values()) socket.end();
      throw error;
    } finally {
      this.#server.close();
      for (const socket of this.#unproved) socket.destroy();
    }
  }

  /** This rank's listening port: rank 0's is the rendezvous address, the others take any free one. */
  async #listen(): Promise<void> {
    const { at, rank } = this.#options;
    const where: ListenOptions =
      at.kind === "unix"
        ? { path: pathOf(at.folder, rank) }
        : { port: rank === 0 ? at.port : 0, ...(isLoopback(at.host) && { host: at.host }) };
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        const place = "path" in where ? where.path : `port ${where.port}`;
        const hint =
          error.code === "EADDRINUSE" ? "another run holds it: choose another one with --master-port" : undefined;
        reject(new DistributedError(`rank ${rank}: cannot listen on ${place}: ${error.code}`, hint));
      });
      this.#server.listen(where, resolve);
    });
    this.#server.on("error", () => {});
  }

  /** Dials rank 0 and waits until it knows where everybody is. */
  async #joinFirst(): Promise<readonly (Address | null)[]> {
    const { at } = this.#options;
    const first = at.kind === "unix" ? { path: pathOf(at.folder, 0) } : { host: at.host, port: at.port };
    const channel = await this.#dial(0, first);
    const { table, failed } = await this.#inTime(
      channel.read<{ table?: (Address | null)[]; failed?: string }>(),
      () => "rank 0 has not told where the others are",
    );
    if (!table) throw new DistributedError(`rank 0 gave up: ${failed}`);
    return table;
  }

  /** Dials until a peer with the secret answers; a refusal is final. */
  async #dial(to: number, address: Address): Promise<AuthenticatedChannel> {
    const { rank, worldSize, secret } = this.#options;
    const shown = "path" in address ? address.path : `${address.host}:${address.port}`;
    for (let wait: number = retryMs.first; ; wait = Math.min(2 * wait, retryMs.most)) {
      const socket = connect(address);
      try {
        await connected(socket);
        const channel = await this.#inTime(
          AuthenticatedChannel.dial(socket, secret),
          () => `rank ${to} at ${shown} is silent`,
        );
        const claim: Claim = { version: PROTOCOL_VERSION, from: rank, to, worldSize, port: this.#port() };
        channel.write(claim);
        const verdict = await this.#inTime(
          channel.read<{ refused?: string }>(),
          () => `rank ${to} at ${shown} is silent`,
        );
        if (verdict.refused !== undefined)
          throw new DistributedError(`rank ${to} at ${shown} refused rank ${rank}: ${verdict.refused}`);
        this.#keep(to, socket);
        return channel;
      } catch (error) {
        socket.destroy();
        if (error instanceof StrangerError)
          throw new DistributedError(
            `rank ${to} at ${shown} did not accept rank ${rank}: ${error.summary}`,
            "is the secret (TENSORONE_SECRET) the same for all ranks, and the port that of this run?",
          );
        if (error instanceof DistributedError) throw error;
        if (performance.now() + wait > this.#until)
          throw new DistributedError(
            `rank ${rank}: no answer from rank ${to} at ${shown} within ${formatSeconds(this.#options.deadlineMs)}: ${codeOf(error)}`,
            "has rank 0 been started, and may this machine reach that host and port?",
          );
        await sleep(wait);
      }
    }
  }

  async #accept(socket: Socket): Promise<void> {
    const from = socket.remoteAddress ?? "this machine";
    socket.on("error", () => {});
    if (this.#unproved.size >= MAX_UNPROVED) return void socket.destroy();
    this.#unproved.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.#options.greetingMs ?? DEFAULT_GREETING_MS);
    try {
      const channel = await AuthenticatedChannel.accept(socket, this.#options.secret);
      const claim = await channel.read<Claim>();
      const refused = this.#objection(claim);
      channel.write(refused === undefined ? {} : { refused });
      if (refused !== undefined) {
        this.#notice(`refused rank ${claim.from} (${from}): ${refused}`);
        return void socket.end();
      }
      this.#channels.set(claim.from, channel);
      this.#addresses.set(claim.from, this.#addressOf(claim, socket));
      this.#keep(claim.from, socket);
      this.#onJoin();
    } catch (error) {
      socket.destroy();
      this.#notice(
        `refused a stranger (${from}): ${error instanceof DistributedError ? error.summary : codeOf(error)}`,
      );
    } finally {
      clearTimeout(timer);
      this.#unproved.delete(socket);
    }
  }

  #objection({ version, from, to, worldSize }: Claim): string | undefined {
    const { rank, worldSize: ours } = this.#options;
    if (version !== PROTOCOL_VERSION) return `protocol ${version}, expected ${PROTOCOL_VERSION}`;
    if (worldSize !== ours) return `it expects ${worldSize} ranks, expected ${ours}`;
    if (to !== rank) return `it looks for rank ${to}, this is rank ${rank}`;
    if (!Number.isInteger(from) || from <= rank || from >= ours) return `rank ${from} has no business here`;
    if (this.#peers.has(from)) return `rank ${from} is here already`;
    return undefined;
  }

  #keep(peer: number, socket: Socket): void {
    if (this.#options.at.kind === "tcp") {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 10_000);
    }
    this.#peers.set(peer, socket);
  }

  #addressOf({ from, port }: Claim, socket: Socket): Address {
    const { at } = this.#options;
    if (at.kind === "unix") return { path: pathOf(at.folder, from) };
    return { host: (socket.remoteAddress ?? at.host).replace(/^::ffff:/, ""), port };
  }

  #port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /** Resolves once all these ranks have dialled. */
  #everyone(ranks: readonly number[]): Promise<void> {
    const missing = () => ranks.filter((rank) => !this.#peers.has(rank));
    const all = new Promise<void>((resolve) => {
      this.#onJoin = () => {
        if (missing().length === 0) resolve();
      };
      this.#onJoin();
    });
    return this.#inTime(all, () => `${rankList(missing())} ${missing().length === 1 ? "has" : "have"} not come`);
  }

  async #inTime<T>(promise: Promise<T>, what: () => string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          const waited = formatSeconds(this.#options.deadlineMs);
          reject(new DistributedError(`rank ${this.#options.rank}: ${what()} within ${waited}`));
        },
        Math.max(0, this.#until - performance.now()),
      );
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Each kind of trouble once: a port scanner must not fill a log. */
  #notice(text: string): void {
    const kind = text.replace(/\(.*?\)/, "");
    if (this.#noticed.has(kind)) return;
    this.#noticed.add(kind);
    this.#options.onNotice(text);
  }
}

const pathOf = (folder: string, rank: number): string => join(folder, `${rank}.sock`);
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
    socket.on("error", () => {});
  });
}
