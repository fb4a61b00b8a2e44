/**
 * Messages over one connected socket: a header, then the bytes, each under its tag (message-seal). A message is read only when it is
 * awaited, so a rank that runs ahead fills the kernel's buffers and then waits, not our memory.
 */
import type { Socket } from "node:net";
import { PeerError } from "../peer-error.js";
import type { Tag } from "../transport.js";
import { decodeHead, HEAD_BYTES, type Head, isIntact, kinds } from "./frame.js";
import { MessageSeal, type SessionKeys } from "./message-seal.js";
import { Outbox } from "./outbox.js";

/** A reason is a line or two, whatever a broken peer claims. */
const MAX_REASON_BYTES = 65536;

const none = new Uint8Array(0);
const PROGRAM_HINT =
  "do all ranks run the same program with the same options? If they do, something between them changes or loses messages";

interface Awaited {
  readonly into: Uint8Array;
  readonly tag: Tag;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Connection {
  readonly peer: number;
  readonly #socket: Socket;
  readonly #onEnd: (error: PeerError | null) => void;
  readonly #awaited: Awaited[] = [];
  readonly #outbox: Outbox;
  /** null: without tags, to measure what they cost. */
  readonly #seal: MessageSeal | null;
  readonly #headBytes = new Uint8Array(HEAD_BYTES);
  #headAt = 0;
  #head: Head | null = null;
  #payloadAt = 0;
  /** Messages so far, which the tags count. */
  #count = 0;
  #reason = new Uint8Array(0);
  #chunk: Uint8Array = new Uint8Array(0);
  #failure: Error | null = null;
  #isOver = false;
  #isDeaf = false;

  /** `onEnd` is called once when the connection ends: with null after an orderly close. */
  constructor(socket: Socket, peer: number, keys: SessionKeys | null, onEnd: (error: PeerError | null) => void) {
    this.peer = peer;
    this.#socket = socket;
    this.#outbox = new Outbox(socket, keys && new MessageSeal(keys.mac, keys.send));
    this.#seal = keys && new MessageSeal(keys.mac, keys.receive);
    this.#onEnd = onEnd;
    socket.on("data", (chunk) => {
      if (this.#isDeaf) return;
      this.#chunk = this.#chunk.length === 0 ? chunk : Buffer.concat([this.#chunk, chunk]);
      this.#drain();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => this.#lost(error.code ?? error.message));
    socket.on("close", () => this.#lost("closed the connection"));
    socket.resume();
  }

  send(bytes: Uint8Array, tag: Tag): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return this.#outbox.send(tag, bytes);
  }

  receive(into: Uint8Array, tag: Tag): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#awaited.push({ into, tag, resolve, reject });
      if (this.#awaited.length === 1) this.#drain();
    });
  }

  /** See Outbox. */
  beat(): void {
    if (!this.#isOver) this.#outbox.beat();
  }

  /** Everything under way and all that comes after rejects with this. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#awaited.splice(0)) reject(error);
    this.#outbox.fail(error);
    // whatever comes now, such as the peer's own reason, is read and dropped
    if (!this.#isOver) this.#socket.resume();
  }

  /** Tells the peer why this rank ends; resolves when the peer has let go, or cannot be reached. */
  abort(reason: string): Promise<void> {
    this.#isDeaf = true;
    const bytes = new TextEncoder().encode(reason).subarray(0, MAX_REASON_BYTES);
    return this.#last(kinds.abort, bytes);
  }

  /** Says goodbye; resolves when both sides have. */
  close(): Promise<void> {
    return this.#last(kinds.bye, none);
  }

  /**
   * Closes this direction only, and reads on until the peer closes the other: a peer that still writes to a closed socket
   * would fail on that before it reads the last words.
   */
  #last(kind: number, bytes: Uint8Array): Promise<void> {
    this.#isOver = true;
    return new Promise((resolve) => {
      this.#socket.once("close", () => resolve());
      if (this.#socket.destroyed) return resolve();
      this.#outbox.end(kind, bytes);
      this.#socket.resume();
    });
  }

  /** Takes what has come as far as a receive waits for it. */
  #drain(): void {
    while (this.#chunk.length > 0 || this.#payloadIsWhole()) {
      if (!this.#head && !this.#readHead()) return;
      if (!this.#readByKind(this.#head!.kind)) return;
    }
    if (this.#awaited.length > 0) this.#socket.resume();
  }

  /** An empty message needs no further byte. */
  #payloadIsWhole(): boolean {
    return this.#head !== null && this.#payloadAt === this.#head.bytes;
  }

  #readByKind(kind: number): boolean {
    if (kind === kinds.data) return this.#readData();
    if (kind === kinds.abort) return this.#readReason();
    const isEmpty = this.#head!.bytes === 0;
    if (kind === kinds.bye && isEmpty) return this.#readBye();
    if (kind === kinds.beat && isEmpty) return this.#readBeat();
    return this.#garbled(`sent a message of kind ${kind}`);
  }

  /** A head without a payload is believed after its tag; another one has to be the one that is waited for, and is believed with it. */
  #readHead(): boolean {
    const taken = this.#take(this.#headBytes, this.#headAt);
    this.#headAt += taken;
    if (this.#headAt < HEAD_BYTES) return false;
    this.#headAt = 0;
    this.#payloadAt = 0;
    this.#head = decodeHead(this.#headBytes);
    return this.#head.bytes > 0 || this.#isSealed(none) || this.#forged();
  }

  #readData(): boolean {
    if (this.#failure) return this.#skip();
    const awaited = this.#awaited[0];
    if (!awaited) {
      this.#socket.pause();
      return false;
    }
    const { tag, bytes } = this.#head!;
    if (this.#payloadAt === 0 && mismatch(awaited, tag, bytes)) return this.#garbled(mismatch(awaited, tag, bytes)!);
    this.#payloadAt += this.#take(awaited.into, this.#payloadAt);
    if (!this.#payloadIsWhole()) return true;
    if (bytes > 0 && !this.#isSealed(awaited.into)) return this.#forged();
    this.#next();
    this.#awaited.shift();
    awaited.resolve();
    return true;
  }

  #skip(): boolean {
    const taken = Math.min(this.#chunk.length, this.#head!.bytes - this.#payloadAt);
    this.#chunk = this.#chunk.subarray(taken);
    this.#payloadAt += taken;
    if (this.#payloadIsWhole()) this.#next();
    return true;
  }

  #readReason(): boolean {
    const { bytes } = this.#head!;
    if (bytes > MAX_REASON_BYTES) return this.#garbled(`sent a reason of ${bytes} bytes`);
    if (this.#payloadAt === 0) this.#reason = new Uint8Array(bytes);
    this.#payloadAt += this.#take(this.#reason, this.#payloadAt);
    if (!this.#payloadIsWhole()) return true;
    if (!this.#isSealed(this.#reason)) return this.#forged();
    this.#next();
    this.#end(new PeerError([this.peer], `rank ${this.peer} has stopped: ${new TextDecoder().decode(this.#reason)}`));
    return true;
  }

  #readBye(): boolean {
    this.#next();
    this.#end(null);
    return true;
  }

  #readBeat(): boolean {
    this.#next();
    return true;
  }

  /** Whether head and payload are what the peer has sent at this place. */
  #isSealed(payload: Uint8Array): boolean {
    return isIntact(this.#headBytes, payload, this.#seal, this.#count);
  }

  #next(): void {
    this.#head = null;
    this.#count++;
  }

  /** Moves what fits of the chunk to `into`, from byte `at`; returns how much. */
  #take(into: Uint8Array, at: number): number {
    const taken = Math.min(this.#chunk.length, into.length - at);
    into.set(this.#chunk.subarray(0, taken), at);
    this.#chunk = this.#chunk.subarray(taken);
    return taken;
  }

  /** Lets go at once; what has not left is lost. */
  destroy(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  #garbled(what: string): false {
    return this.#broken(`rank ${this.peer} ${what}`, PROGRAM_HINT);
  }

  #forged(): false {
    return this.#broken(
      `message ${this.#count + 1} of rank ${this.peer} is not what it has sent: changed, lost, repeated or reordered on the way`,
      "a faulty network card or cable, a proxy, or somebody between the two; what is saved is not touched by it",
    );
  }

  #broken(what: string, hint: string): false {
    this.#chunk = new Uint8Array(0);
    this.#head = null;
    this.#socket.destroy();
    this.#end(new PeerError([this.peer], what, hint));
    return false;
  }

  #lost(how: string): void {
    this.#end(
      new PeerError([this.peer], `rank ${this.peer} is lost: ${how}`, "its own last lines say why, if it could speak"),
    );
  }

  #end(error: PeerError | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd(error);
    if (error) this.fail(error);
    else this.fail(new PeerError([this.peer], `rank ${this.peer} has left already`));
  }
}

function mismatch({ into, tag }: Awaited, came: Tag, bytes: number): string | null {
  if (came.op === tag.op && came.sequence === tag.sequence && bytes === into.length) return null;
  return `is at ${came.op} ${came.sequence} with ${bytes} bytes, expected ${tag.op} ${tag.sequence} with ${into.length}`;
}
