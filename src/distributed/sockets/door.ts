/**
 * The accepting side of the rendezvous: it listens, and hears claims. Connections that have not proved that they know the secret are
 * few at a time: of a flood the oldest go first, and those that have said nothing before those that are in the middle of it.
 */
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { DistributedError } from "../../util/errors.js";
import { AuthenticatedChannel } from "./handshake.js";
import type { MacName } from "./message-seal.js";

/** Why a peer is refused, or how the two tag their messages. */
export type Verdict = { readonly refused: string } | { readonly mac: MacName };

export interface DoorOptions {
  readonly secret: string;
  /** A connection without proof of the secret by then is closed. */
  readonly greetingMs: number;
  /** Connections without proof at a time. */
  readonly mostUnproved: number;
  /** Hears what a peer with the secret says of itself; its verdict is the answer. */
  readonly admit: (claim: unknown, channel: AuthenticatedChannel, socket: Socket) => Verdict;
  readonly onNotice: (text: string) => void;
}

/** What the kernel may keep until we come to accept it; Linux cuts it to net.core.somaxconn. */
const BACKLOG = 4096;

export class Door {
  readonly #options: DoorOptions;
  /** Both in the order of arrival: without a greeting, and between greeting and proof. */
  readonly #silent = new Set<Socket>();
  readonly #speaking = new Set<Socket>();
  #server: Server | null = null;
  #isShedding = false;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Rejects with the system's error. A door that listens elsewhere already is moved. */
  async listen(where: ListenOptions): Promise<void> {
    this.#server?.close();
    const server = createServer({ pauseOnConnect: false }, (socket) => void this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ ...where, backlog: BACKLOG }, resolve);
    });
    server.on("error", () => {});
  }

  /** The port it listens on; 0 for a Unix socket, or before. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /** Nobody comes in any more. */
  close(): void {
    this.#server?.close();
    const unproved = [...this.#silent, ...this.#speaking];
    this.#silent.clear();
    this.#speaking.clear();
    for (const socket of unproved) socket.destroy();
  }

  async #accept(socket: Socket): Promise<void> {
    const from = socket.remoteAddress ?? "this machine";
    const { secret, greetingMs, admit, onNotice } = this.#options;
    socket.on("error", () => {});
    this.#silent.add(socket);
    this.#shedSoon();
    const timer = setTimeout(() => socket.destroy(), greetingMs);
    try {
      const channel = await AuthenticatedChannel.accept(socket, secret, () => {
        this.#silent.delete(socket);
        this.#speaking.add(socket);
      });
      const claim = await channel.read<unknown>();
      const verdict = admit(claim, channel, socket);
      channel.write(verdict);
      if ("refused" in verdict) socket.end();
    } catch (error) {
      socket.destroy();
      // one that was shown out has done nothing that is worth a line of its own
      if (!this.#silent.has(socket) && !this.#speaking.has(socket)) return;
      onNotice(`refused a stranger (${from}): ${error instanceof DistributedError ? error.summary : String(error)}`);
    } finally {
      clearTimeout(timer);
      this.#silent.delete(socket);
      this.#speaking.delete(socket);
    }
  }

  /** After two turns of the event loop: what newcomers have sent is read in the first, and an honest one is silent no more. */
  #shedSoon(): void {
    if (this.#isShedding || this.#silent.size + this.#speaking.size <= this.#options.mostUnproved) return;
    this.#isShedding = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#isShedding = false;
        this.#shed();
      }),
    );
  }

  #shed(): void {
    const { mostUnproved, onNotice } = this.#options;
    let surplus = this.#silent.size + this.#speaking.size - mostUnproved;
    if (surplus <= 0) return;
    onNotice(
      `more than ${mostUnproved} connections at once have not said who they are: the oldest are closed, ranks dial again`,
    );
    for (const waiting of [this.#silent, this.#speaking])
      for (const socket of waiting) {
        if (surplus-- <= 0) return;
        waiting.delete(socket);
        socket.destroy();
      }
  }
}
