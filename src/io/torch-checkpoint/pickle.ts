/**
 * A machine for Python's pickle language, protocols 0 to 5 (CPython's Lib/pickletools.py describes every opcode). It
 * builds values and never imports or calls anything: names stay names, and calls are handed to `host`, which answers with
 * a value or an inert placeholder. Objects and steps are taken from the budget, since a byte may ask for more than its share.
 */
import { Budget, getBudget } from "../../util/budget.js";
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

/**
 * Runs the pickle that starts at byte `at`; returns its value and where it ended. Throws CheckpointError naming `where`, also for more
 * objects or steps than `budget` has left.
 */
export function unpickle(
  bytes: Uint8Array,
  host: PickleHost,
  where: string,
  { at = 0, budget = new Budget(where, CheckpointError) }: { readonly at?: number; readonly budget?: Budget } = {},
): { value: unknown; end: number } {
  return new Machine(bytes, host, where, at, budget).run();
}

const utf8 = new TextDecoder();
const latin1 = new TextDecoder("latin1");
const code = (letter: string): number => letter.charCodeAt(0);

class Machine {
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

  run(): { value: unknown; end: number } {
    // spending is dear beside an opcode: in rows
    for (let steps = 1; ; steps++) {
      if (steps % STEPS_AT_ONCE === 0) this.budget.spend("steps", STEPS_AT_ONCE);
      const opcode = this.uint(1);
      if (opcode === STOP) return { value: this.pop(), end: this.at };
      const handler = opcodes.get(opcode);
      if (!handler) throw this.damaged(`opcode 0x${opcode.toString(16)} is not known`);
      handler(this);
    }
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

const STOP = code(".");
/** Python's own limit is higher; none of PyTorch's integers has more than 10. */
const LARGEST_LONG = 64;
const STEPS_AT_ONCE = 1024;
/** Places of a chain that are looked at in the time of a step. */
const LOOKS_PER_STEP = 8;

/** Pays for a key where there are `before` already: numbers can be chosen so that all have one hash, and each is compared with all before it. */
export function expectKey(budget: Budget, key: unknown, before: number): void {
  budget.spend("pickleObjects", 1);
  if (typeof key === "number" || typeof key === "bigint") budget.spend("steps", before / LOOKS_PER_STEP);
}

const narrow = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

function integerLine(machine: Machine): number | bigint | boolean {
  const text = machine.line().replace(/L$/, "");
  if (text === "00" || text === "01") return text === "01";
  if (!/^-?\d{1,400}$/.test(text)) throw machine.damaged(`${JSON.stringify(text.slice(0, 40))} is no integer`);
  return narrow(BigInt(text));
}

const dictionaryOf = (machine: Machine, items: readonly unknown[]): void => {
  machine.make(new Map());
  machine.setItems(items);
};

const text = (size: 1 | 4 | 8) => (machine: Machine) => machine.make(utf8.decode(machine.take(machine.uint(size))));
const byteString = (size: 1 | 4 | 8) => (machine: Machine) => machine.make(machine.take(machine.uint(size)).slice());
/** Python 2's str: text where it was written by old PyTorch. */
const oldString = (size: 1 | 4) => (machine: Machine) => machine.make(latin1.decode(machine.take(machine.uint(size))));
const constant = (value: unknown) => (machine: Machine) => machine.push(value);
const tuple = (length: number) => (machine: Machine) => {
  const items = Array.from({ length }, () => machine.pop());
  machine.make(items.reverse());
};
const global = (machine: Machine, module: string, name: string) => machine.make(machine.host.name(`${module}.${name}`));

/** Every opcode but STOP, by its byte; groups as in pickletools. */
const opcodes = new Map<number, (machine: Machine) => void>([
  // numbers
  [code("I"), (m) => m.make(integerLine(m))],
  [code("L"), (m) => m.make(integerLine(m))],
  [code("J"), (m) => m.push(m.int32())],
  [code("K"), (m) => m.push(m.uint(1))],
  [code("M"), (m) => m.push(m.uint(2))],
  [0x8a, (m) => m.make(m.long(m.uint(1)))],
  [0x8b, (m) => m.make(m.long(m.int32()))],
  [code("F"), (m) => m.push(Number(m.line()))],
  [code("G"), (m) => m.push(m.float64())],
  // text and bytes
  [code("S"), (m) => m.make(m.line().replace(/^(['"])(.*)\1$/, "$2"))],
  [code("V"), (m) => m.make(m.line())],
  [code("T"), oldString(4)],
  [code("U"), oldString(1)],
  [code("X"), text(4)],
  [0x8c, text(1)],
  [0x8d, text(8)],
  [code("B"), byteString(4)],
  [code("C"), byteString(1)],
  [0x8e, byteString(8)],
  [0x96, byteString(8)],
  // constants
  [code("N"), constant(null)],
  [0x88, constant(true)],
  [0x89, constant(false)],
  // lists, tuples, sets, dictionaries
  [code("]"), (m) => m.make([])],
  [code("l"), (m) => m.make(m.popMark())],
  [code("a"), (m) => m.append([m.pop()])],
  [code("e"), (m) => m.append(m.popMark())],
  [code(")"), (m) => m.make([])],
  [code("t"), (m) => m.make(m.popMark())],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  [code("}"), (m) => m.make(new Map())],
  [code("d"), (m) => dictionaryOf(m, m.popMark())],
  [code("s"), (m) => m.setItems([m.pop(), m.pop()].reverse())],
  [code("u"), (m) => m.setItems(m.popMark())],
  [0x8f, (m) => m.make(new Set())],
  [0x90, (m) => m.append(m.popMark())],
  [
    0x91,
    (m) => {
      const items = m.popMark();
      const set = new Set<unknown>();
      m.addAll(set, items);
      m.make(set);
    },
  ],
  // the stack and the memo
  [code("("), (m) => m.mark()],
  [code("0"), (m) => void m.pop()],
  [code("1"), (m) => void m.popMark()],
  [code("2"), (m) => m.push(m.top())],
  [code("p"), (m) => m.remember(Number(m.line()))],
  [code("q"), (m) => m.remember(m.uint(1))],
  [code("r"), (m) => m.remember(m.uint(4))],
  [0x94, (m) => m.remember(m.memo.length)],
  [code("g"), (m) => m.recall(Number(m.line()))],
  [code("h"), (m) => m.recall(m.uint(1))],
  [code("j"), (m) => m.recall(m.uint(4))],
  // names, calls, state
  [code("c"), (m) => global(m, m.line(), m.line())],
  [
    0x93,
    (m) => {
      const name = m.text();
      global(m, m.text(), name);
    },
  ],
  [
    code("R"),
    (m) => {
      const args = m.pop();
      m.call(m.pop(), args);
    },
  ],
  [
    code("i"),
    (m) => {
      const name = m.host.name(`${m.line()}.${m.line()}`);
      m.call(name, m.popMark());
    },
  ],
  [
    code("o"),
    (m) => {
      const [callee, ...args] = m.popMark();
      m.call(callee, args);
    },
  ],
  [
    0x81,
    (m) => {
      const args = m.pop();
      m.call(m.pop(), args);
    },
  ],
  [
    0x92,
    (m) => {
      const keywords = m.pop();
      const args = m.pop();
      m.call(m.pop(), Array.isArray(args) ? m.extended(args, keywords) : args);
    },
  ],
  [
    code("b"),
    (m) => {
      const state = m.pop();
      const target = m.top();
      if (target instanceof Placeholder) target.state = state;
    },
  ],
  [code("P"), (m) => m.push(m.host.persistent(m.line()))],
  [code("Q"), (m) => m.push(m.host.persistent(m.pop()))],
  // framing
  [0x80, (m) => void m.uint(1)],
  [0x95, (m) => void m.uint(8)],
]);
