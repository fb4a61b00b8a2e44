import { describe, expect, it } from "vitest";
import { capabilities } from "../../src/backends/wasm/capabilities.js";
import {
  Float,
  type FunctionBuilder,
  floatBits,
  Int,
  type IntVar,
  laneDouble,
  loadDoubles,
  type Target,
  WasmModule,
} from "../../src/wasm/index.js";
import { Writer } from "../../src/wasm/writer.js";

const { fma, fences } = capabilities();
const targets: Target[] = ([4, 8] as const).flatMap((lanes) => [
  { lanes, fma, fences: true, shared: false },
  { lanes, fma: false, fences: false, shared: false },
]);

/** Runs one function over a fresh memory; floats and ints are its first bytes. */
function execute(target: Target, args: number[], build: (f: FunctionBuilder, ...args: IntVar[]) => void) {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536 });
  const floats = new Float32Array(memory.buffer);
  for (let i = 0; i < 64; i++) floats[i] = i + 1;
  const module = new WasmModule(target);
  module.run(
    args.map((_, i) => `a${i}`),
    (f, _begin, _end, ...params) => build(f, ...params),
  );
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes() as BufferSource), {
    e: { m: memory, w: 7 },
  });
  (instance.exports.run as (...args: number[]) => void)(0, 1, ...args);
  return {
    floats,
    ints: new Int32Array(memory.buffer),
    doubles: new Float64Array(memory.buffer),
    bytes: new Uint8Array(memory.buffer),
  };
}

const encoded = (write: (w: Writer) => void): number[] => {
  const w = new Writer(1);
  write(w);
  return [...w.bytes];
};

describe("writer", () => {
  it("writes LEB128 as the specification's examples", () => {
    expect(encoded((w) => w.unsigned(624485))).toEqual([0xe5, 0x8e, 0x26]);
    expect(encoded((w) => w.unsigned(2 ** 32 - 1))).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(encoded((w) => w.signed(-123456))).toEqual([0xc0, 0xbb, 0x78]);
    expect(encoded((w) => w.signed(64))).toEqual([0xc0, 0x00]);
    expect(encoded((w) => w.signed(-64))).toEqual([0x40]);
    expect(encoded((w) => w.signed(-(2 ** 31)))).toEqual([0x80, 0x80, 0x80, 0x80, 0x78]);
  });
});

describe.each(targets)("functions for %o", (target) => {
  it("folds and computes integers alike", () => {
    const values = [0, 1, 7, -3, 64, 2 ** 31 - 1, -(2 ** 31)];
    const ops: ((a: Int, b: number) => Int)[] = [
      (a, b) => a.add(b),
      (a, b) => a.sub(b),
      (a, b) => a.mul(b),
      (a, b) => a.and(b),
      (a, b) => a.shl(b & 31),
      (a, b) => a.shr(b & 31),
      (a, b) => a.equal(b),
      (a, b) => a.notEqual(b),
      (a, b) => a.less(b),
      (a, b) => a.atLeast(b),
      (a, b) => a.below(b),
      (a) => a.equal(0),
      (a, b) => a.min(b),
      (a, b) => a.div(b || 3),
      (a, b) => a.rem(b || 3),
    ];
    const folded: number[] = [];
    const { ints } = execute(target, values, (f, ...vars) => {
      let at = 0;
      for (const op of ops)
        vars.forEach((variable, i) => {
          for (const b of values) {
            folded.push(op(Int.of(values[i]!), b).constant! | 0);
            f.storeInt(0, at, op(variable, b));
            at += 4;
          }
        });
    });
    expect([...ints.subarray(0, folded.length)]).toEqual(folded);
  });

  it("loads, stores and broadcasts whole and partial vectors", () => {
    for (let count = 1; count <= target.lanes; count++) {
      const { floats } = execute(target, [0, 1024], (f, x, y) => {
        f.store(y, 0, f.splat(-1));
        f.store(y, 128, f.loadPartial(x, 4, count));
        f.storePartial(y, 0, f.load(x, 8), count);
        f.store(y.add(256), -64, f.broadcast(x, 12));
      });
      const lanes = Array.from({ length: target.lanes }, (_, i) => i);
      expect([...floats.subarray(256, 256 + target.lanes)]).toEqual(lanes.map((i) => (i < count ? i + 3 : -1)));
      expect([...floats.subarray(288, 288 + target.lanes)]).toEqual(lanes.map((i) => (i < count ? i + 2 : 0)));
      expect([...floats.subarray(304, 304 + target.lanes)]).toEqual(lanes.map(() => 4));
    }
  });

  it("has every f32 lane instruction", () => {
    const a = [-2.5, 0.5, 3.5, -0.0];
    const b = [2, -1, 3.5, 1];
    const mask = (yes: boolean) => (yes ? -1 : 0);
    const put = (f: FunctionBuilder, p: IntVar) => {
      [...a, ...b].forEach((v, i) => {
        f.storeFloat(p, 4 * i, Float.constant("f32", v));
      });
    };
    let index = 0;
    const { floats, ints } = execute(target, [0, 256], (f, p, y) => {
      put(f, p);
      const x = f.vec(f.load(p, 0, 1));
      const z = f.vec(f.load(p, 16, 1));
      for (const v of [
        x.ceil(),
        x.floor(),
        x.nearest(),
        x.abs(),
        x.neg(),
        x.mul(x).sqrt(),
        x.add(z),
        x.sub(z),
        x.mul(z),
        x.div(z),
        x.min(z),
        x.max(z),
        x.pmin(z),
        x.pmax(z),
        f.madd(x, z, x),
        f.nmadd(x, z, x),
        x.toInt().toFloat(),
        x.greater(z).select(x, z),
        x.add(1),
      ])
        f.store(y, 16 * index++, v);
      for (const v of [
        x.equal(z),
        x.notEqual(z),
        x.less(z),
        x.greater(z),
        x.lessEqual(z),
        x.greaterEqual(z),
        x.less(z).andNot(x.equal(z)),
      ])
        f.store(y, 16 * index++, v);
    });
    const expected = [
      Math.ceil,
      Math.floor,
      (v: number) => 2 * Math.round(v / 2),
      Math.abs,
      (v: number) => -v,
      Math.abs,
      (v: number, w: number) => v + w,
      (v: number, w: number) => v - w,
      (v: number, w: number) => v * w,
      (v: number, w: number) => v / w,
      Math.min,
      Math.max,
      Math.min,
      Math.max,
      (v: number, w: number) => v * w + v,
      (v: number, w: number) => v - v * w,
      Math.trunc,
      Math.max,
      (v: number) => v + 1,
    ];
    // ties to even: -2.5 -> -2, 0.5 -> 0, 3.5 -> 4
    expected.forEach((op, i) => {
      const got = [...floats.subarray(64 + 4 * i, 68 + 4 * i)];
      expect(
        got.map((v) => v + 0),
        `instruction ${i}`,
      ).toEqual(a.map((v, k) => Math.fround(op(v, b[k]!)) + 0));
    });
    const compared = [...ints.subarray(64 + 4 * expected.length, 64 + 4 * index)];
    const pairs = (op: (v: number, w: number) => boolean) => a.map((v, k) => mask(op(v, b[k]!)));
    expect(compared).toEqual([
      ...pairs((v, w) => v === w),
      ...pairs((v, w) => v !== w),
      ...pairs((v, w) => v < w),
      ...pairs((v, w) => v > w),
      ...pairs((v, w) => v <= w),
      ...pairs((v, w) => v >= w),
      ...pairs((v, w) => v < w),
    ]);
  });

  it("works on i32 and f64 lanes", () => {
    const { ints, doubles, floats } = execute(target, [0, 256], (f, p, y) => {
      const v = f.vec(f.load(p, 0, 1));
      const i = f.vec(v.toInt());
      f.store(y, 0, i.addInt(i).addInt(i).addInt(1).subInt(5).shlInt(Int.of(2)));
      f.store(y, 16, f.splatInt(0, 1).subInt(i).sarInt(Int.of(1)));
      f.store(y, 144, f.splatInt(0, 1).subInt(i).shrInt(Int.of(30)));
      f.store(y, 32, v.promoteLow().mulDouble(0.1));
      f.store(y, 48, v.promoteHigh().addDouble(loadDoubles(f, p, 8, 1)));
      f.store(y, 64, v.promoteHigh().sqrtDouble().demote());
      f.storeFloat(y, 112, laneDouble(v.promoteHigh(), 1));
      f.storeFloat(y, 120, v.lane(2).promote().sub(0.25).demote());
      f.store(y, 128, f.loadLane(v, p, 36, 1));
    });
    expect([...ints.subarray(64, 68)]).toEqual([-4, 8, 20, 32]);
    expect([...ints.subarray(68, 72)]).toEqual([-1, -1, -2, -2]);
    expect([...ints.subarray(100, 104)]).toEqual([3, 3, 3, 3]);
    expect([...doubles.subarray(36, 40)]).toEqual([0.1, 0.2, 6, 8]);
    expect([...floats.subarray(80, 84)]).toEqual([Math.fround(Math.sqrt(3)), 2, 0, 0]);
    expect(doubles[46]).toBe(4);
    expect(floats[94]).toBe(2.75);
    expect([...floats.subarray(96, 100)]).toEqual([1, 10, 3, 4]);
  });

  it("has scalars, loops, branches, calls, copies and the thread's index", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const module = new WasmModule(target);
    module.run(["y", "n", "scale"], (f, begin, end, y, n, scale) => {
      const square = module.function("square", ["i32", "vec", "f32"], (g, to, v, s) =>
        g.store(to, 0, v.mul(v).mul(g.splat(s))),
      );
      const total = f.f64(0);
      f.for(begin, end, 1, (task) => {
        f.for(0, n, 1, (i) => {
          f.if(
            i.rem(3).equal(0),
            () => total.set(total.add(i.toFloat("f64"))),
            () => total.set(total.sub(task.toFloat("f64"))),
          );
        });
      });
      f.storeFloat(y, 0, total);
      f.call(square, y.add(64), f.splat(3), scale.asFloat());
      const k = f.int(5);
      f.while(
        () => k.notEqual(0),
        () => k.inc(-1),
      );
      f.storeInt(y, 128, k.equal(0).select(f.worker, -1));
      f.fence(() => f.copy(y.add(132), y.add(128), 4));
      f.fill(y.add(136), 0xff, 4);
      f.touch(y, 0);
    });
    const run = new WebAssembly.Instance(new WebAssembly.Module(module.bytes() as BufferSource), {
      e: { m: memory, w: 7 },
    }).exports.run as (...args: number[]) => void;
    run(1, 3, 1024, 10, floatBits(0.5));
    expect(new Float64Array(memory.buffer)[128]).toBe(2 * (0 + 3 + 6 + 9) - 6 * (1 + 2));
    expect(new Float32Array(memory.buffer)[272]).toBe(4.5);
    expect([...new Int32Array(memory.buffer).subarray(288, 291)]).toEqual([7, 7, -1]);
    // loops that must not run at all
    run(1, 1, 1024, 0, 0);
    expect(new Float64Array(memory.buffer)[128]).toBe(0);
  });
});

describe("emission", () => {
  it("needs fences only on V8 before 13", () => {
    expect(fences).toBe(Number.parseInt(process.versions.v8, 10) < 13);
  });
});
