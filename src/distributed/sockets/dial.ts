/**
 * The dialling side of the rendezvous: again and again until the deadline, for whoever is dialled may not have started, may be busy,
 * or may have shown this connection out with a flood. Final is only what a peer with the secret says, or nonsense.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { DistributedError } from "../../util/errors.js";
import { formatSeconds } from "../exchange.js";
import type { Verdict } from "./door.js";
import { AuthenticatedChannel, HungUpError, StrangerError } from "./handshake.js";
import type { MacName } from "./message-seal.js";

export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

export interface DialOptions {
  readonly rank: number;
  readonly secret: string;
  /** Of performance.now(). */
  readonly until: number;
  /** How long all may take, for the message. */
  readonly deadlineMs: number;
  /** What this side says of itself, once it is connected. */
  readonly claim: (socket: Socket) => object | Promise<object>;
  /** Hears of the first failure of each kind, and that it is tried again. */
  readonly onNotice: (text: string) => void;
}

/** A peer that has accepted the claim. */
export interface Dialled {
  readonly socket: Socket;
  readonly channel: AuthenticatedChannel;
  readonly mac: MacName;
}

const retryMs = { first: 20, most: 1000 } as const;
/** Longer than a door waits for a greeting: whoever is silent then has not heard us. */
const ATTEMPT_MS = 15_000;
/** Nobody listens yet: as usual as ranks that start at different moments, so told only after this. */
const STARTING_MS = 1000;
const startingCodes: readonly string[] = ["ECONNREFUSED", "ENOENT"];

/** What the system's codes mean to somebody who has named an address. */
const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ENOENT: "nobody listens there",
  ECONNRESET: "the connection was cut",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the name service does not answer",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  ETIMEDOUT: "nothing answers there",
  EADDRNOTAVAIL: "this machine has no address for it",
  EMFILE: "this process has too many open files",
};

const placeOf = (address: Address): string => ("path" in address ? address.path : `${address.host}:${address.port}`);

/** Dials until a peer with the secret answers. Throws DistributedError: a refusal, nonsense, or the last failure at the deadline. */
export async function dial(to: number, address: Address, options: DialOptions): Promise<Dialled> {
  const { rank, until, deadlineMs, onNotice } = options;
  const where = `rank ${to} at ${placeOf(address)}`;
  const begin = performance.now();
  let before: Failure | undefined;
  for (let wait: number = retryMs.first; ; wait = Math.min(2 * wait, retryMs.most)) {
    const attempt = new Attempt(to, where, options);
    try {
      return await attempt.make(address);
    } catch (error) {
      if (!(error instanceof Retry)) throw error;
      const { reason, code } = error;
      const left = until - performance.now();
      // an attempt that the deadline cuts short says less than the one before it
      const failure = attempt.isCutShort && before !== undefined ? before : { reason, hint: attempt.hint };
      before = failure;
      if (left < wait)
        throw new DistributedError(
          `rank ${rank}: no answer from ${where} within ${formatSeconds(deadlineMs)}: ${failure.reason}`,
          failure.hint,
        );
      if (!startingCodes.includes(code) || performance.now() - begin > STARTING_MS)
        onNotice(`rank ${rank} waits for ${where}: ${reason} (it dials again for up to ${formatSeconds(left)})`);
      // together again at the same moment would be a flood of our own
      await sleep(wait * (0.5 + Math.random()));
    }
  }
}

/** Why an attempt failed, and what to look at. */
interface Failure {
  readonly reason: string;
  readonly hint: string;
}

/** A failure after which dialling again may help. */
class Retry extends Error {
  readonly reason: string;
  readonly code: string;

  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
    this.reason = reason;
  }
}

class Attempt {
  readonly #to: number;
  readonly #where: string;
  readonly #options: DialOptions;
  #hasClaimed = false;
  #isLate = false;
  #mayTakeMs = ATTEMPT_MS;

  constructor(to: number, where: string, options: DialOptions) {
    this.#to = to;
    this.#where = where;
    this.#options = options;
  }

  /** Whether the deadline ended this attempt before a silent peer could be told from a slow one. */
  get isCutShort(): boolean {
    return this.#isLate && this.#mayTakeMs < ATTEMPT_MS;
  }

  /** What to look at where this attempt was the last. */
  get hint(): string {
    return this.#hasClaimed
      ? "is the secret (TENSORONE_SECRET) the same for all ranks, and the port that of this run?"
      : `has rank ${this.#to} been started, and may this machine reach that host and port?`;
  }

  /** Throws DistributedError where the answer is final, else Retry. */
  async make(address: Address): Promise<Dialled> {
    const socket = connect(address);
    const late = () => {
      this.#isLate = true;
      socket.destroy();
    };
    this.#mayTakeMs = Math.min(ATTEMPT_MS, this.#options.until - performance.now());
    const timer = setTimeout(late, this.#mayTakeMs);
    try {
      return await this.#talk(socket);
    } catch (error) {
      socket.destroy();
      throw this.#judged(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #talk(socket: Socket): Promise<Dialled> {
    await connected(socket);
    const channel = await AuthenticatedChannel.dial(socket, this.#options.secret);
    channel.write(await this.#options.claim(socket));
    this.#hasClaimed = true;
    const verdict = await channel.read<Verdict>();
    if ("refused" in verdict)
      throw new DistributedError(`${this.#where} refused rank ${this.#options.rank}: ${verdict.refused}`);
    return { socket, channel, mac: verdict.mac };
  }

  #judged(error: unknown): Error {
    if (this.#isLate) return new Retry("silent", "it is silent");
    if (error instanceof HungUpError)
      return new Retry(
        "hung up",
        this.#hasClaimed
          ? "it hung up when it had heard who this is, as it does where the secrets (TENSORONE_SECRET) differ"
          : "it hung up before it had said who it is",
      );
    if (error instanceof StrangerError)
      return new DistributedError(
        `${this.#where} did not accept rank ${this.#options.rank}: ${error.summary}`,
        "is the secret (TENSORONE_SECRET) the same for all ranks, and the port that of this run?",
      );
    if (error instanceof DistributedError) return error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) return error as Error;
    return new Retry(code, meanings[code] === undefined ? code : `${code}, ${meanings[code]}`);
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" })));
    socket.on("error", () => {});
  });
}
