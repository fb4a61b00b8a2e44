/**
 * The two passes of resize() as WebAssembly, the same whole numbers in the same order: products and sums of 32 bits that wrap, a shift,
 * and clamping to a byte. Where WebAssembly or a memory is refused, resize() goes on in JavaScript.
 */
import { alignUp } from "../../util/align-up.js";
import {
  type FunctionBuilder,
  type Int,
  type IntVar,
  loadBytes,
  MAX_PAGES,
  storeBytes,
  WasmModule,
} from "../../wasm/index.js";
import type { Box, Image } from "../codecs/image.js";
import { HALF, PRECISION_BITS, type Taps } from "./resize-taps.js";

const PAGE_BYTES = 65536;
/** What vectors may read and write past the end of a row. */
const SLACK_BYTES = 64;
/** A picture that needs more is resized in JavaScript: what a memory has grown to it keeps. */
const MAX_BYTES = 64 * 2 ** 20;
/** Rows of one pass across that share a pixel's weights, as many as keep their sums in registers. */
const ROWS = 4;
/** Bytes of one step of the pass down. */
const STEP = 16;

const target = { lanes: 4, fma: false, fences: false, shared: false } as const;

/** first, count and weights of a direction lie one after the other; pitches are the bytes from a row to the next. */
const names = ["source", "pitch", "to", "toPitch", "size", "first", "count", "weights", "stride"] as const;
type Args = readonly IntVar[];

/** The taps of output `o`: calls `body` with each weight's address and the address of what it is for, `step` bytes apart. */
function eachTap(
  f: FunctionBuilder,
  [, , , , , first, count, weights, stride]: Args,
  o: Int,
  { from, scale, step }: { readonly from: Int; readonly scale: Int; readonly step: Int },
  body: (p: IntVar, weight: IntVar) => void,
): void {
  const p = f.int(from.add(f.loadInt(first!.add(o.mul(4))).mul(scale)));
  const weight = f.int(weights!.add(o.mul(stride!).mul(4)));
  const end = f.int(weight.add(f.loadInt(count!.add(o.mul(4))).mul(4)));
  f.doWhile(
    () => {
      body(p, weight);
      p.inc(step);
      weight.inc(4);
    },
    () => weight.less(end),
  );
}

/** Rows `begin` to `end`, `rows` at a time: an output pixel is the sum of its taps' pixels, three bytes of four that are read. */
function emitAcross(m: WasmModule, rows: number) {
  return m.function(`across ${rows}`, [...names.map(() => "i32" as const), "i32", "i32"], (f, ...all) => {
    const args = all as unknown as Args;
    const [source, pitch, to, toPitch, size] = args as [IntVar, IntVar, IntVar, IntVar, IntVar];
    const [begin, end] = args.slice(names.length) as [IntVar, IntVar];
    f.for(begin, end, rows, (y) => {
      const row = f.int(source.add(y.mul(pitch)));
      const q = f.int(to.add(y.mul(toPitch)));
      f.for(0, size, 1, (x) => {
        const sums = Array.from({ length: rows }, () => f.vec(f.splatInt(HALF, 1)));
        eachTap(f, args, x, { from: row, scale: f.int(3), step: f.int(3) }, (p, weight) => {
          const w = f.vec(f.broadcast(weight, 0, 1));
          const at = f.int(p);
          sums.forEach((sum, r) => {
            if (r > 0) at.inc(pitch);
            sum.set(sum.addInt(loadBytes(f, at, 0, 1).mulInt(w)));
          });
        });
        const at = f.int(q);
        sums.forEach((sum, r) => {
          if (r > 0) at.inc(toPitch);
          storeBytes(f, at, 0, sum.sarInt(f.int(PRECISION_BITS)));
        });
        q.inc(3);
      });
    });
  });
}

function emitModule(): Uint8Array {
  const m = new WasmModule(target);
  const across = emitAcross(m, ROWS);
  const acrossOne = emitAcross(m, 1);
  m.run([...names, "isDown"], (f, begin, end, ...all) => {
    const args = all as unknown as Args;
    const [source, pitch, to, toPitch, size] = args as [IntVar, IntVar, IntVar, IntVar, IntVar];
    f.if(
      args[names.length]!,
      () =>
        f.for(begin, end, 1, (y) => {
          const row = f.int(to.add(y.mul(toPitch)));
          f.for(0, size, STEP, (x) => {
            const sum = f.vec(f.splatInt(HALF, 4));
            eachTap(f, args, y, { from: source.add(x), scale: pitch, step: pitch }, (p, weight) => {
              sum.set(sum.addInt(loadBytes(f, p, 0, 4).mulInt(f.broadcast(weight, 0, 4))));
            });
            storeBytes(f, row.add(x), 0, sum.sarInt(f.int(PRECISION_BITS)));
          });
        }),
      () => {
        const whole = f.int(end.sub(end.sub(begin).rem(ROWS)));
        f.call(across, ...args.slice(0, names.length), begin, whole);
        f.call(acrossOne, ...args.slice(0, names.length), whole, end);
      },
    );
  });
  return m.bytes();
}

type Run = (begin: number, end: number, ...args: readonly number[]) => void;

interface Engine {
  readonly memory: WebAssembly.Memory;
  readonly run: Run;
}

let engine: Engine | null | undefined;

/** Null where a page's policy forbids WebAssembly, or no memory is to be had. */
function startEngine(): Engine | null {
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
    const module = new WebAssembly.Module(emitModule() as BufferSource);
    const { exports } = new WebAssembly.Instance(module, { e: { m: memory, w: 0 } });
    return { memory, run: exports.run as Run };
  } catch {
    return null;
  }
}

function hasRoom({ memory }: Engine, bytes: number): boolean {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return true;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
    return true;
  } catch {
    return false;
  }
}

/** What to make of a box; null for a direction that keeps its size. */
export interface ResizePlan {
  readonly width: number;
  readonly height: number;
  readonly across: Taps | null;
  readonly down: Taps | null;
}

/** Fills `data` with the box of `image` resized, or returns false where it cannot. */
export function resizeSimd(image: Image, box: Box, plan: ResizePlan, data: Uint8Array): boolean {
  engine = engine === undefined ? startEngine() : engine;
  if (engine === null) return false;
  const { width, height, across, down } = plan;
  const pitch = image.width * 3;
  const begin = box.top * pitch + box.left * 3;
  const source = image.data.subarray(begin, begin + (box.height - 1) * pitch + box.width * 3);
  let free = 0;
  const take = (bytes: number): number => {
    const at = free;
    free = alignUp(at + bytes + SLACK_BYTES, STEP);
    return at;
  };
  const sourceAt = take(source.length);
  const outPitch = alignUp(width * 3, STEP) + STEP;
  const betweenAt = across && down ? take(box.height * outPitch) : 0;
  const outAt = take(height * outPitch);
  const tapsAt = [across, down].map((taps) => (taps ? take(4 * (2 * taps.first.length + taps.weights.length)) : 0));
  if (free > MAX_BYTES || !hasRoom(engine, free)) return false;
  const { memory, run } = engine;
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(source, sourceAt);
  const pass = (isDown: boolean, from: number, fromPitch: number, to: number, rows: number): void => {
    const taps = (isDown ? down : across)!;
    const first = tapsAt[isDown ? 1 : 0]!;
    const count = first + 4 * taps.first.length;
    const weights = count + 4 * taps.count.length;
    for (const [at, numbers] of [
      [first, taps.first],
      [count, taps.count],
      [weights, taps.weights],
    ] as const)
      new Int32Array(memory.buffer, at, numbers.length).set(numbers);
    const size = isDown ? width * 3 : width;
    run(0, rows, from, fromPitch, to, outPitch, size, first, count, weights, taps.stride, isDown ? 1 : 0);
  };
  if (across) pass(false, sourceAt, pitch, down ? betweenAt : outAt, box.height);
  if (down) pass(true, across ? betweenAt : sourceAt, across ? outPitch : pitch, outAt, height);
  for (let y = 0; y < height; y++)
    data.set(bytes.subarray(outAt + y * outPitch, outAt + y * outPitch + width * 3), y * width * 3);
  return true;
}
