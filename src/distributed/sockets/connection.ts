/**
 * Messages over one connected socket: a header of four numbers, then the bytes. A message is read only when it is awaited,
 * so a rank that runs ahead fills the kernel's buffers and then waits, not our memory.
 */
import type { Socket } from "node:net";
import { PeerError } from "../peer-error.js";
import { ops, type Tag } from "../transport.js";

/** kind, op, sequence, payload bytes: little-endian u32 each. */
const HEADER_BYTES = 16;
const kinds = { data: 1, abort: 2, bye: 3 } as const;
/** Below this the copy into one piece costs less than a second system call. */
const JOIN_BYTES = 4096;
/** A reason is a line or two, whatever a broken peer claims. */
const MAX_REASON_BYTES = 65536;

interface Awaited {
  readonly into: Uint8Array;
  readonly tag: Tag;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Header {
  readonly kind: number;
  readonly tag: Tag;
  readonly bytes: number;
}

export class Connection {
  readonly peer: number;
  readonly #socket: Socket;
  readonly #onEnd: (error: PeerError | null) => void;
  readonly #awaited: Awaited[] = [];
  readonly #unsent = new Set<(error: Error) => void>();
  readonly #headerBytes = new Uint8Array(HEADER_BYTES);
  #headerAt = 0;
  #header: Header | null = null;
  #payloadAt = 0;
  #reason = new Uint8Array(0);
  #chunk: Uint8Array = new Uint8Array(0);
  #failure: Error | null = null;
  #isOver = false;
  #isDeaf = false;

  /** `onEnd` is called once when the connection ends: with null after an orderly close. */
  constructor(socket: Socket, peer: number, onEnd: (error: PeerError | null) => void) {
    this.peer = peer;
    this.#socket = socket;
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
    return this.#write(kinds.data, tag, bytes);
  }

  receive(into: Uint8Array, tag: Tag): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#awaited.push({ into, tag, resolve, reject });
      if (this.#awaited.length === 1) this.#drain();
    });
  }

  /** Everything under way and all that comes after rejects with this. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#awaited.splice(0)) reject(error);
    for (const reject of this.#unsent) reject(error);
    this.#unsent.clear();
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
    return this.#last(kinds.bye, new Uint8Array(0));
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
      this.#socket.write(encodeHeader(kind, { op: "barrier", sequence: 0 }, bytes.length));
      this.#socket.end(bytes);
      this.#socket.resume();
    });
  }

  #write(kind: number, tag: Tag, bytes: Uint8Array): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const done = (error?: Error | null) => {
        // an error of the socket itself arrives as its event, with a name
        if (error) return;
        this.#unsent.delete(reject);
        resolve();
      };
      this.#unsent.add(reject);
      const header = encodeHeader(kind, tag, bytes.length);
      if (bytes.length <= JOIN_BYTES) {
        this.#socket.write(Buffer.concat([header, bytes]), done);
        return;
      }
      this.#socket.cork();
      this.#socket.write(header);
      this.#socket.write(bytes, done);
      this.#socket.uncork();
    });
  }

  /** Takes what has come as far as a receive waits for it. */
  #drain(): void {
    while (this.#chunk.length > 0 || this.#payloadIsWhole()) {
      if (!this.#header && !this.#readHeader()) return;
      const { kind } = this.#header!;
      const isTaken =
        kind === kinds.data
          ? this.#readData()
          : kind === kinds.abort
            ? this.#readReason()
            : kind === kinds.bye
              ? this.#readBye()
              : this.#garbled(`sent a message of kind ${kind}`);
      if (!isTaken) return;
    }
    if (this.#awaited.length > 0) this.#socket.resume();
  }

  /** An empty message needs no further byte. */
  #payloadIsWhole(): boolean {
    return this.#header !== null && this.#payloadAt === this.#header.bytes;
  }

  #readHeader(): boolean {
    const taken = this.#take(this.#headerBytes, this.#headerAt);
    this.#headerAt += taken;
    if (this.#headerAt < HEADER_BYTES) return false;
    this.#headerAt = 0;
    this.#payloadAt = 0;
    const view = new DataView(this.#headerBytes.buffer);
    const tag = { op: ops[view.getUint32(4, true)] ?? "barrier", sequence: view.getUint32(8, true) };
    this.#header = { kind: view.getUint32(0, true), tag, bytes: view.getUint32(12, true) };
    return true;
  }

  #readData(): boolean {
    if (this.#failure) return this.#skip();
    const awaited = this.#awaited[0];
    if (!awaited) {
      this.#socket.pause();
      return false;
    }
    const { tag, bytes } = this.#header!;
    if (this.#payloadAt === 0 && mismatch(awaited, tag, bytes)) return this.#garbled(mismatch(awaited, tag, bytes)!);
    this.#payloadAt += this.#take(awaited.into, this.#payloadAt);
    if (!this.#payloadIsWhole()) return true;
    this.#header = null;
    this.#awaited.shift();
    awaited.resolve();
    return true;
  }

  #skip(): boolean {
    const taken = Math.min(this.#chunk.length, this.#header!.bytes - this.#payloadAt);
    this.#chunk = this.#chunk.subarray(taken);
    this.#payloadAt += taken;
    if (this.#payloadIsWhole()) this.#header = null;
    return true;
  }

  #readReason(): boolean {
    const { bytes } = this.#header!;
    if (bytes > MAX_REASON_BYTES) return this.#garbled(`sent a reason of ${bytes} bytes`);
    if (this.#payloadAt === 0) this.#reason = new Uint8Array(bytes);
    this.#payloadAt += this.#take(this.#reason, this.#payloadAt);
    if (!this.#payloadIsWhole()) return true;
    this.#header = null;
    this.#end(new PeerError([this.peer], `rank ${this.peer} has stopped: ${new TextDecoder().decode(this.#reason)}`));
    return true;
  }

  #readBye(): boolean {
    this.#header = null;
    this.#end(null);
    return true;
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
    this.#chunk = new Uint8Array(0);
    this.#socket.destroy();
    this.#end(
      new PeerError(
        [this.peer],
        `rank ${this.peer} ${what}`,
        "do all ranks run the same program with the same options?",
      ),
    );
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

function encodeHeader(kind: number, { op, sequence }: Tag, bytes: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  for (const [i, value] of [kind, ops.indexOf(op), sequence, bytes].entries()) view.setUint32(4 * i, value, true);
  return header;
}
