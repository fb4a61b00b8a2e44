/**
 * How ranks find each other: every rank listens; all others dial rank 0, tell where they listen, and get the addresses of
 * all; then each dials the ranks between. Ends with one authenticated connection for each pair, and no listening port.
 */
import type { ListenOptions, Socket } from "node:net";
import { join } from "node:path";
import { DistributedError } from "../../util/errors.js";
import { formatSeconds, rankList } from "../exchange.js";
import { listenAtMaster } from "./bind.js";
import { type Address, type Dialled, dial } from "./dial.js";
import { Door, type Verdict } from "./door.js";
import { type AuthenticatedChannel, PROTOCOL_VERSION } from "./handshake.js";
import { fasterMac, type MacName, macNames, type SessionKeys } from "./message-seal.js";
import { expectOpenFiles } from "./open-files.js";

/** Another rank: its socket, and the keys of what is said on it. */
export interface Peer {
  readonly socket: Socket;
  readonly keys: SessionKeys;
}
/** All other ranks. */
export type Peers = ReadonlyMap<number, Peer>;

/** Where ranks meet: a folder of Unix sockets on one machine, or rank 0's host and port. */
export type MeetingPoint =
  | { readonly kind: "unix"; readonly folder: string }
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      /** The address this rank listens on, such as 0.0.0.0. Default: rank 0's is `host`, others' the one they reach it from. */
      readonly bind?: string;
    };

export interface RendezvousOptions {
  readonly rank: number;
  readonly worldSize: number;
  readonly at: MeetingPoint;
  readonly secret: string;
  /** All ranks are there within this time, or it throws. */
  readonly deadlineMs: number;
  /** A connection without proof of the secret by then is closed; a slow rank dials again. Default 5 s. */
  readonly greetingMs?: number;
  /** Connections without proof at a time, of which the oldest are closed. Default: what the limit of open files leaves, at most 4096. */
  readonly mostUnproved?: number;
  readonly onNotice: (text: string) => void;
}

/** What a dialer says of itself. */
interface Claim {
  readonly version: number;
  readonly from: number;
  readonly to: number;
  readonly worldSize: number;
  /** Where it listens; its host is the one it dials from. */
  readonly port: number;
  /** The faster one on its processor. */
  readonly mac: MacName;
}

const DEFAULT_GREETING_MS = 5000;

/** Meets the other ranks. Throws DistributedError naming those who do not come, or why this rank is refused. */
export async function meet(options: RendezvousOptions): Promise<Peers> {
  return new Rendezvous(options).run();
}

class Rendezvous {
  readonly #options: RendezvousOptions;
  readonly #known = new Map<number, Dialled>();
  readonly #addresses = new Map<number, Address>();
  readonly #noticed = new Set<string>();
  readonly #until: number;
  readonly #door: Door;
  /** The address that the door of a rank above 0 is on, over TCP. */
  #facing: string | null = null;
  #onJoin: () => void = () => {};

  constructor(options: RendezvousOptions) {
    const { rank, worldSize, secret, greetingMs = DEFAULT_GREETING_MS } = options;
    this.#options = options;
    this.#until = performance.now() + options.deadlineMs;
    const spare = expectOpenFiles(rank, worldSize);
    const { mostUnproved = spare } = options;
    this.#door = new Door({
      secret,
      greetingMs,
      mostUnproved,
      admit: (claim, channel, socket) => this.#admit(claim as Claim, channel, socket),
      onNotice: (text) => this.#notice(text),
    });
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
        for (const { channel } of this.#known.values()) channel.write({ table });
      }
      return new Map(
        [...this.#known].map(([peer, { socket, channel, mac }]) => [peer, { socket, keys: channel.keys(mac) }]),
      );
    } catch (error) {
      const reason = error instanceof DistributedError ? error.summary : String(error);
      for (const { socket, channel } of this.#known.values()) {
        channel.write({ failed: reason });
        socket.end();
      }
      throw error;
    } finally {
      this.#door.close();
    }
  }

  /** Rank 0's place is the rendezvous address; over TCP the others listen when they know from which address they reach it. */
  async #listen(): Promise<void> {
    const { at, rank } = this.#options;
    if (at.kind === "unix") return this.#listenOn({ path: pathOf(at.folder, rank) });
    if (rank > 0) return;
    const { bind = at.host, port } = at;
    await listenAtMaster({
      bind,
      port,
      until: this.#until,
      listen: (where) => this.#door.listen(where),
      onNotice: (text) => this.#notice(text),
    });
  }

  async #listenOn(where: ListenOptions): Promise<void> {
    try {
      await this.#door.listen(where);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new DistributedError(
        `rank ${this.#options.rank}: cannot listen on ${where.path ?? `${where.host}:${where.port}`}: ${code}`,
      );
    }
  }

  /** The port that others may dial, on the address by which `first` has reached rank 0: no door on any other network. */
  async #openFacing(first: Socket): Promise<void> {
    const { at } = this.#options;
    if (at.kind === "unix") return;
    const host = at.bind ?? first.localAddress!;
    if (this.#facing === host) return;
    await this.#listenOn({ host, port: 0 });
    this.#facing = host;
  }

  /** Dials rank 0 and waits until it knows where everybody is. */
  async #joinFirst(): Promise<readonly (Address | null)[]> {
    const { at } = this.#options;
    const first = at.kind === "unix" ? { path: pathOf(at.folder, 0) } : { host: at.host, port: at.port };
    const { channel } = await this.#dial(0, first);
    const { table, failed } = await this.#inTime(
      channel.read<{ table?: (Address | null)[]; failed?: string }>(),
      () => "rank 0 has not told where the others are",
    );
    if (!table) throw new DistributedError(`rank 0 gave up: ${failed}`);
    return table;
  }

  async #dial(to: number, address: Address): Promise<Dialled> {
    const { rank, worldSize, secret, deadlineMs, at } = this.#options;
    const dialled = await dial(to, address, {
      rank,
      secret,
      until: this.#until,
      deadlineMs,
      claim: async (socket): Promise<Claim> => {
        if (to === 0) await this.#openFacing(socket);
        return { version: PROTOCOL_VERSION, from: rank, to, worldSize, port: this.#door.port, mac: fasterMac() };
      },
      // on one machine the launcher knows who has started
      onNotice: (text) => at.kind === "tcp" && this.#notice(text),
    });
    this.#keep(to, dialled);
    return dialled;
  }

  #admit(claim: Claim, channel: AuthenticatedChannel, socket: Socket): Verdict {
    const refused = this.#objection(claim);
    if (refused !== undefined) {
      this.#notice(`refused rank ${claim.from} (${socket.remoteAddress ?? "this machine"}): ${refused}`);
      return { refused };
    }
    this.#addresses.set(claim.from, this.#addressOf(claim, socket));
    const mac = claim.mac === fasterMac() ? claim.mac : macNames[0];
    this.#keep(claim.from, { channel, socket, mac });
    // the verdict goes out before anything else is said
    queueMicrotask(() => this.#onJoin());
    return { mac };
  }

  #objection({ version, from, to, worldSize }: Claim): string | undefined {
    const { rank, worldSize: ours } = this.#options;
    if (version !== PROTOCOL_VERSION) return `protocol ${version}, expected ${PROTOCOL_VERSION}`;
    if (worldSize !== ours) return `it expects ${worldSize} ranks, expected ${ours}`;
    if (to !== rank) return `it looks for rank ${to}, this is rank ${rank}`;
    if (!Number.isInteger(from) || from <= rank || from >= ours) return `rank ${from} has no business here`;
    if (this.#known.has(from)) return `rank ${from} is here already`;
    return undefined;
  }

  #keep(peer: number, known: Dialled): void {
    if (this.#options.at.kind === "tcp") {
      known.socket.setNoDelay(true);
      known.socket.setKeepAlive(true, 10_000);
    }
    this.#known.set(peer, known);
  }

  #addressOf({ from, port }: Claim, socket: Socket): Address {
    const { at } = this.#options;
    if (at.kind === "unix") return { path: pathOf(at.folder, from) };
    return { host: (socket.remoteAddress ?? at.host).replace(/^::ffff:/, ""), port };
  }

  /** Resolves once all these ranks have dialled. */
  #everyone(ranks: readonly number[]): Promise<void> {
    const missing = () => ranks.filter((rank) => !this.#known.has(rank));
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
    const kind = text.replace(/\(.*?\)/g, "");
    if (this.#noticed.has(kind)) return;
    this.#noticed.add(kind);
    this.#options.onNotice(text);
  }
}

const pathOf = (folder: string, rank: number): string => join(folder, `${rank}.sock`);
