/**
 * The sending half of a connection. A message gets its tag right before it is written, so that both read it while it is in the cache,
 * and the peer verifies one as the next gets its tag.
 */
import type { Socket } from "node:net";
import type { Tag } from "../transport.js";
import { encodeHead, kinds } from "./frame.js";
import type { MessageSeal } from "./message-seal.js";

/** Below this the copy into one piece costs less than a second system call. */
const JOIN_BYTES = 4096;
/** Tagged and not yet with the kernel; measured with bench/studies/wire.ts. */
const WINDOW_BYTES = 512 * 1024;

/** What a message that belongs to no collective says of one. */
const nothing: Tag = { op: "barrier", sequence: 0 };

interface Waiting {
  readonly tag: Tag;
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Outbox {
  readonly #socket: Socket;
  /** null: without tags, to measure what they cost. */
  readonly #seal: MessageSeal | null;
  readonly #waiting: Waiting[] = [];
  readonly #underWay = new Set<Waiting>();
  #underWayBytes = 0;
  /** Messages so far, which the tags count. */
  #count = 0;
  #owesBeat = false;
  #isClosed = false;

  constructor(socket: Socket, seal: MessageSeal | null) {
    this.#socket = socket;
    this.#seal = seal;
  }

  /** Resolves when `bytes` may be changed again. */
  send(tag: Tag, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ tag, bytes, resolve, reject });
      this.#advance();
    });
  }

  /**
   * After messages, says once that there is none since: where the last of them is missing, the number of this one does not fit, and
   * the peer need not wait for the next, or for its deadline.
   */
  beat(): void {
    if (!this.#owesBeat || this.#waiting.length > 0 || this.#isClosed) return;
    this.#owesBeat = false;
    this.#socket.write(this.#headOf(kinds.beat, nothing, new Uint8Array(0)));
  }

  /** The last message; what waits is not sent. */
  end(kind: number, bytes: Uint8Array): void {
    this.close();
    this.#socket.write(this.#headOf(kind, nothing, bytes));
    this.#socket.end(bytes);
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** What is under way and what waits rejects with this. */
  fail(error: Error): void {
    for (const { reject } of [...this.#underWay, ...this.#waiting.splice(0)]) reject(error);
    this.#underWay.clear();
  }

  #advance(): void {
    while (this.#waiting.length > 0 && !this.#isClosed && this.#underWayBytes < WINDOW_BYTES) {
      const message = this.#waiting.shift()!;
      this.#underWay.add(message);
      this.#underWayBytes += message.bytes.length;
      this.#write(message, (error) => {
        // an error of the socket itself arrives as its event, with a name
        if (error) return;
        this.#underWayBytes -= message.bytes.length;
        if (this.#underWay.delete(message)) message.resolve();
        this.#advance();
      });
    }
  }

  #write({ tag, bytes }: Waiting, done: (error?: Error | null) => void): void {
    this.#owesBeat = true;
    const head = this.#headOf(kinds.data, tag, bytes);
    if (bytes.length <= JOIN_BYTES) {
      this.#socket.write(Buffer.concat([head, bytes]), done);
      return;
    }
    this.#socket.cork();
    this.#socket.write(head);
    this.#socket.write(bytes, done);
    this.#socket.uncork();
  }

  #headOf(kind: number, tag: Tag, bytes: Uint8Array): Uint8Array {
    return encodeHead(kind, tag, bytes, this.#seal, this.#count++);
  }
}
