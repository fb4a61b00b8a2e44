/**
 * What each opcode of the pickle language does, protocols 0 to 5, by its byte; CPython's Lib/pickletools.py describes all of them.
 */
import { type Machine, narrow } from "./pickle-machine.js";
import { Placeholder } from "./values.js";

const utf8 = new TextDecoder();
const latin1 = new TextDecoder("latin1");
const code = (letter: string): number => letter.charCodeAt(0);

/** Ends a pickle. */
export const STOP = code(".");

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
export const opcodes = new Map<number, (machine: Machine) => void>([
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
