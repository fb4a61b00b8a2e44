/**
 * Reads a module of the assembler back: the opcodes of its functions, one after the other. Written from chapter 5 of the
 * WebAssembly core specification, not from the assembler; an instruction that it does not know is an error, and so is a
 * function that does not end where its size says.
 */

/** Vector instructions are VECTOR + their opcode behind the prefix. */
export const VECTOR = 0xfd000;
const BULK = 0xfc000;

class Reader {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}
  byte(): number {
    return this.bytes[this.at++]!;
  }
  /** LEB128, of either sign; the value is that of the unsigned one. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
}

const isIn = (opcode: number, first: number, last: number): boolean => opcode >= first && opcode <= last;

function skipVectorImmediates(r: Reader, opcode: number): void {
  if (opcode === 0x0c || opcode === 0x0d) r.at += 16;
  else if (isIn(opcode, 0x15, 0x22)) r.at += 1;
  else if (isIn(opcode, 0x00, 0x0b) || isIn(opcode, 0x54, 0x5d)) {
    r.number();
    r.number();
    if (opcode <= 0x5b && opcode >= 0x54) r.at += 1;
  }
}

function skipImmediates(r: Reader, opcode: number): void {
  if (isIn(opcode, 0x02, 0x04)) r.number();
  else if (isIn(opcode, 0x0c, 0x0d) || opcode === 0x10 || isIn(opcode, 0x20, 0x24)) r.number();
  else if (isIn(opcode, 0x28, 0x3e)) {
    r.number();
    r.number();
  } else if (isIn(opcode, 0x41, 0x42)) r.number();
  else if (opcode === 0x43) r.at += 4;
  else if (opcode === 0x44) r.at += 8;
  else if (!(isIn(opcode, 0x45, 0xc4) || [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b].includes(opcode)))
    throw new Error(`byte ${r.at - 1}: opcode 0x${opcode.toString(16)} is not known here`);
}

/** The opcodes of a run of code. */
function* opcodesOf(code: Uint8Array): Generator<number> {
  const r = new Reader(code);
  for (let runs = r.number(); runs > 0; runs--) {
    r.number();
    r.byte();
  }
  while (r.at < code.length) {
    const opcode = r.byte();
    if (opcode === 0xfd) {
      const vector = r.number();
      skipVectorImmediates(r, vector);
      yield VECTOR + vector;
    } else if (opcode === 0xfc) {
      const bulk = r.number();
      // memory.copy names two memories, memory.fill one
      if (bulk >= 8) r.at += bulk === 10 ? 2 : 1;
      yield BULK + bulk;
    } else {
      skipImmediates(r, opcode);
      yield opcode;
    }
  }
  if (r.at !== code.length || code.at(-1) !== 0x0b)
    throw new Error("a function does not end with its last instruction");
}

/** All opcodes of all functions of a module. */
export function* instructionsOf(module: Uint8Array): Generator<number> {
  const r = new Reader(module);
  r.at = 8;
  while (r.at < module.length) {
    const id = r.byte();
    const size = r.number();
    const end = r.at + size;
    if (id === 10)
      for (let functions = r.number(); functions > 0; functions--) {
        const bytes = r.number();
        yield* opcodesOf(module.subarray(r.at, r.at + bytes));
        r.at += bytes;
      }
    r.at = end;
  }
}
