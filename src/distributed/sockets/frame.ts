/**
 * How a message begins: 16 bytes that say what it is, and the tag of these and of its payload. A receiver knows what it waits for, so
 * a head that says something else ends the run before its payload is there.
 */
import { ops, type Tag } from "../transport.js";
import { type MessageSeal, TAG_BYTES } from "./message-seal.js";

/** beat: nothing more has been sent. */
export const kinds = { data: 1, abort: 2, bye: 3, beat: 4 } as const;

/** kind, op, sequence, payload bytes: little-endian u32 each. */
const FIELD_BYTES = 16;
export const HEAD_BYTES = FIELD_BYTES + TAG_BYTES;

export interface Head {
  readonly kind: number;
  readonly tag: Tag;
  /** Of the payload. */
  readonly bytes: number;
}

/** The head of message `number` of its direction; without a seal its tag is zeros. */
export function encodeHead(
  kind: number,
  { op, sequence }: Tag,
  payload: Uint8Array,
  seal: MessageSeal | null,
  number: number,
): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  for (const [i, value] of [kind, ops.indexOf(op), sequence, payload.length].entries())
    view.setUint32(4 * i, value, true);
  if (seal) head.set(seal.tag(number, head.subarray(0, FIELD_BYTES), payload), FIELD_BYTES);
  return head;
}

export function decodeHead(head: Uint8Array): Head {
  const view = new DataView(head.buffer, head.byteOffset, HEAD_BYTES);
  return {
    kind: view.getUint32(0, true),
    tag: { op: ops[view.getUint32(4, true)] ?? "barrier", sequence: view.getUint32(8, true) },
    bytes: view.getUint32(12, true),
  };
}

/** Whether head and payload are what the peer has sent as message `number`. */
export function isIntact(head: Uint8Array, payload: Uint8Array, seal: MessageSeal | null, number: number): boolean {
  return !seal || seal.isRight(number, head.subarray(0, FIELD_BYTES), payload, head.subarray(FIELD_BYTES, HEAD_BYTES));
}
