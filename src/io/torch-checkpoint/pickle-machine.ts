/**
 * The state of a machine for Python's pickle language: bytes, stack, marks and memo. It builds values and never imports or calls
 * anything: names stay names, and calls are handed to `host`, which answers with a value or an inert placeholder. Objects and steps are
 * taken from the budget, since a byte may ask for more than its share.
 */
import { type Budget, getBudget } from "../../util/budget.js";
import { CheckpointError } from "../../util/errors.js";
import { GlobalName, Placeholder } from "./values.js";

/** What the pickle machine asks of its host, which knows the names. */
export interface PickleHost {
  /** A class or function is mentioned. Throws CheckpointError to refuse it. */
  name(full: string): GlobalName;
  /** Python would call `callee` with these arguments. Throws CheckpointError to refuse it. */
  call(callee: string, args: readonly unknown[]): unknown;
  /** The object behind a persistent id. */
  persistent(id: unknown): unknown;
}

const utf8 = new TextDecoder();
/** Python's own limit is higher; none of PyTorch's integers has more than 10. */
const LARGEST_LONG = 64;
/** Places of a chain that are looked at in the time of a step. */
const LOOKS_PER_STEP = 2;

/** Pays for a key where there are `before` already: numbers can be chosen so that all have one hash, and each is compared with all before it. */
export function expectKey(budget: Budget, key: unknown, before: number): void {
  budget.spend("pickleObjects", 1);
  if (typeof key === "number" || typeof key === "bigint") budget.spend("steps", before / LOOKS_PER_STEP);
}

/** A bigint as a number, where that has all its digits. */
export const narrow = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

export class Machine {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly host: PickleHost;
  readonly where: string;
  at: number;
  stack: unknown[] = [];
  readonly marks: unknown[][] = [];
  /** By index; no Map, since V8's hash of numbers is known, and numbers that collide would be searched one by one. */
  readonly memo: unknown[] = [];
  readonly budget: Budget;

  constructor(bytes: Uint8Array, host: PickleHost, where: string, at: number, budget: Budget) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.host = host;
    this.where = where;
    this.at = at;
    this.budget = budget;
  }

  damaged(problem: string): CheckpointError {
    return new CheckpointError(`${this.where}: ${problem}, at byte ${this.at} of its pickle`, "the file is damaged");
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  /** Pushes something that did not exist before and takes memory. */
  make(value: unknown): void {
    this.budget.spend("pickleObjects", 1);
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) throw this.damaged("a value is missing");
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length === 0) throw this.damaged("a value is missing");
    return this.stack.at(-1);
  }

  /** Everything since the last mark. */
  popMark(): unknown[] {
    const items = this.stack;
    const before = this.marks.pop();
    if (!before) throw this.damaged("a mark is missing");
    this.stack = before;
    return items;
  }

  take(length: number): Uint8Array {
    if (length < 0 || this.at + length > this.bytes.length) throw this.damaged("it ends too early");
    const piece = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return piece;
  }

  /** A little-endian unsigned number of 1, 2, 4 or 8 bytes. */
  uint(size: 1 | 2 | 4 | 8): number {
    const at = this.at;
    this.take(size);
    if (size === 8) return Number(this.view.getBigUint64(at, true));
    if (size === 4) return this.view.getUint32(at, true);
    return size === 2 ? this.view.getUint16(at, true) : this.view.getUint8(at);
  }

  int32(): number {
    return this.uint(4) | 0;
  }

  /** The one number that is big-endian. */
  float64(): number {
    const at = this.at;
    this.take(8);
    return this.view.getFloat64(at, false);
  }

  /** The text up to the next line feed. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.damaged("a line has no end");
    const text = utf8.decode(this.take(end - this.at));
    this.at++;
    return text;
  }

  /** Two's complement, least byte first; a bigint only where a number would lose digits. */
  long(length: number): number | bigint {
    if (length > LARGEST_LONG) throw this.damaged(`an integer has ${length} bytes`);
    const digits = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i]!);
    const signed = BigInt.asIntN(8 * length, value);
    return narrow(signed);
  }

  remember(index: number): void {
    if (!(index >= 0 && index < getBudget().pickleObjects)) throw this.damaged(`the memo has no place ${index}`);
    if (this.memo[index] === undefined) this.budget.spend("pickleObjects", 1);
    this.memo[index] = this.top();
  }

  recall(index: number): void {
    const value = this.memo[index];
    if (value === undefined) throw this.damaged(`the memo has no entry ${index}`);
    this.push(value);
  }

  mark(): void {
    this.budget.spend("pickleObjects", 1);
    this.marks.push(this.stack);
    this.stack = [];
  }

  text(): string {
    const value = this.pop();
    if (typeof value !== "string") throw this.damaged("a name is no text");
    return value;
  }

  /** A list may be extended as often as something refers to it. */
  extended(args: readonly unknown[], last: unknown): unknown[] {
    this.budget.spend("steps", args.length);
    return [...args, last];
  }

  call(callee: unknown, args: unknown): void {
    if (!Array.isArray(args)) throw this.damaged("arguments are no tuple");
    // what an unknown call returned, such as getattr's answer, may be called again and stays unknown
    if (callee instanceof Placeholder) this.make(new Placeholder(callee.of, args));
    else if (callee instanceof GlobalName) this.make(this.host.call(callee.name, args));
    else throw this.damaged("something is called that is no name");
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (Array.isArray(list)) for (const item of items) list.push(item);
    else if (list instanceof Set) this.addAll(list, items);
    else if (!(list instanceof Placeholder)) throw this.damaged("items are added to something that is no list");
  }

  addAll(set: Set<unknown>, items: readonly unknown[]): void {
    for (const item of items) {
      expectKey(this.budget, item, set.size);
      set.add(item);
    }
  }

  setItems(items: readonly unknown[]): void {
    const dictionary = this.top();
    if (items.length % 2 !== 0) throw this.damaged("a key has no value");
    if (dictionary instanceof Map)
      for (let i = 0; i < items.length; i += 2) {
        expectKey(this.budget, items[i], dictionary.size);
        dictionary.set(items[i], items[i + 1]);
      }
    else if (!(dictionary instanceof Placeholder))
      throw this.damaged("items are set in something that is no dictionary");
  }
}
