/**
 * Writing one WebAssembly function: arithmetic, control flow, calls, over the layers for memory and locals. Statements are
 * appended in the order of the calls; expressions (Int, Float, Vec) are written where a statement uses them. TypeScript
 * loops are the unroller.
 */
import { type IntVar, type ValueType, VecVar, valueTypes } from "./locals.js";
import { MemoryBuilder } from "./memory.js";
import { Float, Int, type IntLike } from "./scalars.js";
import { Vec } from "./vectors.js";
import { Writer } from "./writer.js";

export type Value = Int | Float | Vec;

/** A function of the module being written, callable from later ones. */
export interface FunctionRef {
  readonly index: number;
  readonly name: string;
  /** Results are the parts of one Vec (or none). */
  readonly resultParts: number;
}

export class FunctionBuilder extends MemoryBuilder {
  /** The index of the thread that runs, from 0; only for choosing scratch memory, results must not depend on it. */
  get worker(): Int {
    return new Int((w) => w.byte(0x23).byte(0));
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
    this.code.byte(0x03).byte(0x40);
    body();
    condition().emit(this.code);
    this.code.byte(0x0d).byte(0).byte(0x0b);
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
    this.code.byte(0x04).byte(0x40);
    then();
    if (otherwise) {
      this.code.byte(0x05);
      otherwise();
    }
    this.code.byte(0x0b);
  }
  /** Keeps V8 before 13 from hoisting the loads of `body` above earlier arithmetic: an opaque branch that is never taken. */
  fence(body: () => void): void {
    if (!this.target.fences) {
      body();
      return;
    }
    this.code.byte(0x02).byte(0x40);
    this.#zero.emit(this.code);
    this.code.byte(0x0d).byte(0);
    body();
    this.code.byte(0x0b);
  }
  get #zero(): Int {
    return new Int((w) => w.byte(0x20).unsigned(this.paramCount - 1));
  }

  #writeCall(w: Writer, callee: FunctionRef, args: readonly (IntLike | Value)[]): void {
    for (const arg of args)
      if (arg instanceof Vec) for (const part of arg.parts) part(w);
      else if (arg instanceof Float) arg.emit(w);
      else Int.of(arg).emit(w);
    if (this.target.fences) this.#zero.emit(w);
    w.byte(0x10).unsigned(callee.index);
  }
  /** Calls a function of this module that returns nothing. */
  call(callee: FunctionRef, ...args: readonly (IntLike | Value)[]): void {
    this.#writeCall(this.code, callee, args);
  }
  /** Calls a function that returns a Vec, and keeps the result in a local. */
  callVec(callee: FunctionRef, ...args: readonly (IntLike | Value)[]): VecVar {
    const indices = Array.from({ length: callee.resultParts }, () => this.newLocal("v128"));
    this.#writeCall(this.code, callee, args);
    for (const index of [...indices].reverse()) this.code.byte(0x21).unsigned(index);
    return new VecVar(this.code, indices);
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
    return entry.raw(this.code.bytes).byte(0x0b);
  }
}
