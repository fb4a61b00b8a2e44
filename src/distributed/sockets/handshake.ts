/**
 * Two processes convince each other that they know the same secret before either believes a word of the other: a greeting
 * with a random number each way, then sealed messages (HMAC-SHA256 over role, both numbers and text, RFC 2104). An
 * unauthenticated peer learns a random number and nothing else. It authenticates; it does not encrypt what follows.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import { DistributedError } from "../../util/errors.js";

/** Changes with the form of the messages; ranks of two versions refuse each other. */
export const PROTOCOL_VERSION = 1;

const magic = Buffer.from("tensorone");
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
/** A message is a few numbers, or the addresses of all ranks. */
const MAX_MESSAGE_BYTES = 1 << 20;

/** The peer said something that no rank of this run says. */
export class StrangerError extends DistributedError {}

/** One side of a conversation whose greeting is done. */
export class AuthenticatedChannel {
  readonly #socket: Socket;
  readonly #secret: string;
  readonly #nonces: Buffer;
  readonly #side: "dialer" | "acceptor";

  private constructor(socket: Socket, secret: string, nonces: Buffer, side: "dialer" | "acceptor") {
    this.#socket = socket;
    this.#secret = secret;
    this.#nonces = nonces;
    this.#side = side;
  }

  static async dial(socket: Socket, secret: string): Promise<AuthenticatedChannel> {
    const nonce = randomBytes(NONCE_BYTES);
    socket.write(Buffer.concat([magic, nonce]));
    const answer = await readExactly(socket, NONCE_BYTES);
    return new AuthenticatedChannel(socket, secret, Buffer.concat([nonce, answer]), "dialer");
  }

  /** Rejects with StrangerError after the first bytes that no dialer of ours would send. */
  static async accept(socket: Socket, secret: string): Promise<AuthenticatedChannel> {
    const greeting = await readExactly(socket, magic.length);
    if (!greeting.equals(magic)) throw new StrangerError("its first bytes are not ours");
    const theirs = await readExactly(socket, NONCE_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    socket.write(nonce);
    return new AuthenticatedChannel(socket, secret, Buffer.concat([theirs, nonce]), "acceptor");
  }

  write(message: object): void {
    const text = Buffer.from(JSON.stringify(message));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    this.#socket.write(Buffer.concat([length, text, this.#seal(this.#side, text)]));
  }

  /** The next message; nothing of it is looked at before its seal is found right. */
  async read<T>(): Promise<T> {
    const length = (await readExactly(this.#socket, 4)).readUInt32LE();
    if (length > MAX_MESSAGE_BYTES) throw new StrangerError(`it announces a message of ${length} bytes`);
    const text = await readExactly(this.#socket, length);
    const seal = await readExactly(this.#socket, MAC_BYTES);
    if (!timingSafeEqual(seal, this.#seal(this.#side === "dialer" ? "acceptor" : "dialer", text)))
      throw new StrangerError("it does not know the secret");
    return JSON.parse(text.toString()) as T;
  }

  #seal(author: string, text: Buffer): Buffer {
    return createHmac("sha256", this.#secret).update(author).update(this.#nonces).update(text).digest();
  }
}

/** The next bytes of a socket without other readers. Rejects with StrangerError where it ends before. */
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
      reject(new StrangerError("it hung up before it had said who it is"));
    };
    socket.on("readable", look);
    socket.on("close", ended);
    socket.on("end", ended);
    look();
  });
}
