/**
 * Writing one WebAssembly function: arithmetic, control flow, calls, over the layers for memory and locals. Statements are
 * appended in the order of the calls; expressions (Int, Float, Vec) are written where a statement uses them. TypeScript
 * loops are the unroller.
 */
import type { IntVar } from "./locals.js";
import { MemoryBuilder } from "./memory.js";
import * as control from "./opcodes/control.js";
import * as variables from "./opcodes/variables.js";
import { NO_RESULT, type ValueType, valueTypes } from "./opcodes.js";
import { Float, Int, type IntLike } from "./scalars.js";
import { Vec } from "./vectors.js";
import { Writer } from "./writer.js";

/** The index of the one global, and the label of the block that a branch stands in. */
const WORKER = 0;
const INNERMOST = 0;

export type Value = Int | Float | Vec;

/** A function of the module being written, callable from later ones. */
export interface FunctionRef {
  readonly index: number;
  readonly name: string;
}

export class FunctionBuilder extends MemoryBuilder {
  /** The index of the thread that runs, from 0; only for choosing scratch memory, results must not depend on it. */
  get worker(): Int {
    return new Int((w) => w.byte(variables.globalGet).byte(WORKER));
  }

  // arithmetic that depends on the target
  /** a·b + c per lane: one instruction (rounded once) where the target has FMA, else product and sum. */
  madd(a: Vec, b: Vec, c: Vec): Vec {
    return this.target.fma ? a.relaxedMadd(b, c) : a.mul(b).add(c);
  }
  /** c − a·b per lane. */
  nmadd(a: Vec, b: Vec, c: Vec): Vec {
    return this.target.fma ? a.relaxedNmadd(b, c) : c.sub(a.mul(b));
  }
  /** a·b + c per f64 lane. */
  maddDouble(a: Vec, b: Vec, c: Vec): Vec {
    return this.target.fma ? a.relaxedMaddDouble(b, c) : a.mulDouble(b).addDouble(c);
  }

  // control flow
  /** for (i = from; i < to; i += step), bounds compared unsigned, so that pointers above 2 GiB are fine. */
  for(from: IntLike, to: IntLike, step: IntLike, body: (i: IntVar) => void): void {
    const i = this.int(from);
    const first = Int.of(from).below(to);
    if (first.constant === 0) return;
    const loop = () =>
      this.doWhile(
        () => {
          body(i);
          i.inc(step);
        },
        () => i.below(to),
      );
    if (first.constant === 1) loop();
    else this.if(i.below(to), loop);
  }
  doWhile(body: () => void, condition: () => Int): void {
    this.code.byte(control.loop).byte(NO_RESULT);
    body();
    condition().emit(this.code);
    this.code.byte(control.brIf).byte(INNERMOST).byte(control.end);
  }
  while(condition: () => Int, body: () => void): void {
    this.if(condition(), () => this.doWhile(body, condition));
  }
  /** Branches known at emission are not written. */
  if(condition: Int, then: () => void, otherwise?: () => void): void {
    if (condition.constant !== undefined) {
      if (condition.constant !== 0) then();
      else otherwise?.();
      return;
    }
    condition.emit(this.code);
    this.code.byte(control.if).byte(NO_RESULT);
    then();
    if (otherwise) {
      this.code.byte(control.else);
      otherwise();
    }
    this.code.byte(control.end);
  }
  /** Keeps V8 before 13 from hoisting the loads of `body` above earlier arithmetic: an opaque branch that is never taken. */
  fence(body: () => void): void {
    if (!this.target.fences) {
      body();
      return;
    }
    this.code.byte(control.block).byte(NO_RESULT);
    this.#zero.emit(this.code);
    this.code.byte(control.brIf).byte(INNERMOST);
    body();
    this.code.byte(control.end);
  }
  get #zero(): Int {
    return new Int((w) => w.byte(variables.localGet).unsigned(this.paramCount - 1));
  }

  /** Calls a function of this module. */
  call(callee: FunctionRef, ...args: readonly (IntLike | Value)[]): void {
    for (const arg of args)
      if (arg instanceof Vec) for (const part of arg.parts) part(this.code);
      else if (arg instanceof Float) arg.emit(this.code);
      else Int.of(arg).emit(this.code);
    if (this.target.fences) this.#zero.emit(this.code);
    this.code.byte(control.call).unsigned(callee.index);
  }

  /** The function's entry in the code section. */
  finish(): Writer {
    const entry = new Writer(this.code.length + 64);
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.localTypes)
      if (runs.at(-1)?.type === type) runs.at(-1)!.count++;
      else runs.push({ type, count: 1 });
    entry.unsigned(runs.length);
    for (const { type, count } of runs) entry.unsigned(count).byte(valueTypes[type]);
    return entry.raw(this.code.bytes).byte(control.end);
  }
}
