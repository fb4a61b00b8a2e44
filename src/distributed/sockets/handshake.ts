/**
 * Two processes convince each other that they know the same secret before either believes a word of the other: a greeting
 * with a random number each way, then sealed messages (HMAC-SHA256 over all that was said so far and who says this, RFC 2104). An
 * unauthenticated peer learns a random number and nothing else. What follows is under keys that only this conversation gives
 * (RFC 5869): authenticated, message by message, and not encrypted.
 */
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import { DistributedError } from "../../util/errors.js";
import { KEY_BYTES, type MacName, type SessionKeys } from "./message-seal.js";

/** Changes with the form of the messages; ranks of two versions refuse each other. */
export const PROTOCOL_VERSION = 2;

const magic = Buffer.from("tensor/02");
/** What protocol 1 began with. */
const earlierMagic = Buffer.from("tensorone");
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
/** A message is a few numbers, or the addresses of all ranks. */
const MAX_MESSAGE_BYTES = 1 << 20;

type Side = "dialer" | "acceptor";
const otherSide = { dialer: "acceptor", acceptor: "dialer" } as const;

/** The peer said something that no rank of this run says. */
export class StrangerError extends DistributedError {}
/** The peer was gone before it had said who it is: it may have been busy, or shown a flood out. */
export class HungUpError extends StrangerError {}

/** One side of a conversation whose greeting is done. */
export class AuthenticatedChannel {
  readonly #socket: Socket;
  readonly #secret: string;
  readonly #side: Side;
  /** Over both greetings and every message, with its author: alike on both sides. */
  readonly #transcript = createHash("sha256");

  private constructor(socket: Socket, secret: string, greetings: readonly Buffer[], side: Side) {
    this.#socket = socket;
    this.#secret = secret;
    this.#side = side;
    for (const greeting of greetings) this.#transcript.update(greeting);
  }

  static async dial(socket: Socket, secret: string): Promise<AuthenticatedChannel> {
    const nonce = randomBytes(NONCE_BYTES);
    socket.write(Buffer.concat([magic, nonce]));
    const answer = await readExactly(socket, NONCE_BYTES);
    return new AuthenticatedChannel(socket, secret, [magic, nonce, answer], "dialer");
  }

  /** Rejects with StrangerError after the first bytes that no dialer of ours would send. `onGreeting` hears of a right greeting. */
  static async accept(socket: Socket, secret: string, onGreeting = () => {}): Promise<AuthenticatedChannel> {
    const greeting = await readExactly(socket, magic.length);
    if (greeting.equals(earlierMagic))
      throw new StrangerError(`it speaks protocol 1, expected ${PROTOCOL_VERSION}: two versions of the package`);
    if (!greeting.equals(magic)) throw new StrangerError("its first bytes are not ours");
    const theirs = await readExactly(socket, NONCE_BYTES);
    onGreeting();
    const nonce = randomBytes(NONCE_BYTES);
    socket.write(nonce);
    return new AuthenticatedChannel(socket, secret, [magic, theirs, nonce], "acceptor");
  }

  write(message: object): void {
    const text = Buffer.from(JSON.stringify(message));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    this.#socket.write(Buffer.concat([length, text, this.#seal(this.#side, length, text)]));
  }

  /** The next message; nothing of it is looked at before its seal is found right. */
  async read<T>(): Promise<T> {
    const head = await readExactly(this.#socket, 4);
    const length = head.readUInt32LE();
    if (length > MAX_MESSAGE_BYTES) throw new StrangerError(`it announces a message of ${length} bytes`);
    const text = await readExactly(this.#socket, length);
    const seal = await readExactly(this.#socket, MAC_BYTES);
    if (!timingSafeEqual(seal, this.#seal(otherSide[this.#side], head, text)))
      throw new StrangerError("it does not know the secret");
    return JSON.parse(text.toString()) as T;
  }

  /** What follows the last message that both sides have seen is under these; `mac` is what they have agreed on. */
  keys(mac: MacName): SessionKeys {
    const salt = this.#transcript.copy().digest();
    const keyOf = (author: Side) =>
      new Uint8Array(hkdfSync("sha256", this.#secret, salt, `tensorone ${mac} of the ${author}`, KEY_BYTES));
    return { mac, send: keyOf(this.#side), receive: keyOf(otherSide[this.#side]) };
  }

  /** The seal of a message, which is part of what is said from then on. */
  #seal(author: Side, length: Buffer, text: Buffer): Buffer {
    this.#transcript.update(author).update(length).update(text);
    return createHmac("sha256", this.#secret).update(this.#transcript.copy().digest()).digest();
  }
}

/** The next bytes of a socket without other readers. Rejects with HungUpError where it ends before. */
function readExactly(socket: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      socket.off("readable", look);
      socket.off("close", ended);
      socket.off("end", ended);
    };
    const look = () => {
      const got = socket.read(bytes) as Buffer | null;
      if (got === null) {
        if (socket.readableEnded || socket.destroyed) ended();
        return;
      }
      // read() hands out the rest, however short, where the stream has ended
      if (got.length < bytes) return ended();
      stop();
      resolve(got);
    };
    const ended = () => {
      stop();
      reject(new HungUpError("it hung up before it had said who it is"));
    };
    socket.on("readable", look);
    socket.on("close", ended);
    socket.on("end", ended);
    look();
  });
}
