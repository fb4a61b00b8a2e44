/**
 * The order of every row of x [rows, length]: its numbers become unsigned keys that sort as they do, rows of a few are sorted
 * by insertion, longer ones by their keys' bytes, from the lowest up (radix sort). Both keep the order of equal keys.
 */
import { type FunctionBuilder, Int, type IntVar } from "../../../../wasm/index.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";

/** Elements of a task, at 15 ns or so each. */
const TASK_ELEMENTS = 4096;
/** Up to here n² / 4 moves cost less than four tables of 256 counts. */
const LONGEST_INSERTION = 32;
const BYTES_OF_KEY = 4;
const BUCKETS = 256;

const SIGN = -(2 ** 31);
const MAGNITUDE = 2 ** 31 - 1;
const INFINITY_BITS = 0x7f800000;

interface Spec {
  readonly dtype: "float32" | "int32";
  readonly descending: boolean;
}

/** Bits to a key: for floats both zeros alike and every NaN the largest. */
function keyOf(f: FunctionBuilder, x: Int, { dtype, descending }: Spec): Int {
  const bits = f.int(x);
  const key = f.int(bits.add(SIGN));
  if (dtype === "float32") {
    const magnitude = f.int(bits.and(MAGNITUDE));
    f.if(magnitude.equal(0), () => bits.set(0));
    // negative numbers grow as their bits shrink
    key.set(bits.less(0).select(Int.of(-1).sub(bits), bits.add(SIGN)));
    f.if(Int.of(INFINITY_BITS).below(magnitude), () => key.set(-1));
  }
  return descending ? Int.of(-1).sub(key) : key;
}

const args = {
  x: "pointer",
  y: "pointer",
  keys: "pointer",
  other: "pointer",
  rows: "int",
  length: "int",
  perTask: "int",
} as const;

/** Calls `sort` with the addresses of each row of a task. */
function eachRow(
  f: FunctionBuilder,
  task: IntVar,
  { x, y, keys, other, rows, length, perTask }: { readonly [K in keyof typeof args]: IntVar },
  sort: (x: Int, y: Int, keys: Int, other: Int, length: IntVar) => void,
): void {
  const first = f.int(task.mul(perTask));
  f.for(first, f.int(first.add(perTask).min(rows)), 1, (row) => {
    const at = f.int(row.mul(length).mul(4));
    sort(x.add(at), y.add(at), keys.add(at), other.add(at), length);
  });
}

const insertionKernel = defineKernel(
  { name: "argsort few", spec: specOf<Spec>(), args },
  ({ m, f, spec }, task, given) => {
    const sort = m.function("sort", ["i32", "i32", "i32", "i32"], (g, x, y, keys, length) => {
      g.for(0, length, 1, (i) => {
        const key = g.int(keyOf(g, g.loadInt(x.add(i.mul(4))), spec));
        const at = g.int(i.mul(4));
        g.while(
          () => at.notEqual(0).select(key.below(g.loadInt(keys.add(at).sub(4))), 0),
          () => {
            g.storeInt(keys.add(at), 0, g.loadInt(keys.add(at).sub(4)));
            g.storeInt(y.add(at), 0, g.loadInt(y.add(at).sub(4)));
            at.inc(-4);
          },
        );
        g.storeInt(keys.add(at), 0, key);
        g.storeInt(y.add(at), 0, i);
      });
    });
    eachRow(f, task, given, (x, y, keys, _, length) => f.call(sort, x, y, keys, length));
  },
);

const radixKernel = defineKernel(
  { name: "argsort", spec: specOf<Spec>(), args, scratchPerWorker: () => 4 * BYTES_OF_KEY * BUCKETS },
  ({ m, f, spec, scratch }, task, given) => {
    /** (x, keys, counts, length): writes the keys, and for each of their bytes how often it has each value. */
    const prepare = m.function("prepare", ["i32", "i32", "i32", "i32"], (g, x, keys, counts, length) => {
      g.fill(counts, 0, 4 * BYTES_OF_KEY * BUCKETS);
      g.for(0, length, 1, () => {
        const key = g.int(keyOf(g, g.loadInt(x), spec));
        g.storeInt(keys, 0, key);
        for (let byte = 0; byte < BYTES_OF_KEY; byte++) {
          const count = g.int(
            counts.add(
              key
                .shr(8 * byte)
                .and(BUCKETS - 1)
                .mul(4),
            ),
          );
          g.storeInt(count, 4 * BUCKETS * byte, g.loadInt(count, 4 * BUCKETS * byte).add(1));
        }
        x.inc(4);
        keys.inc(4);
      });
    });
    /** (counts, to): counts become the addresses in `to` at which each value begins. */
    const place = m.function("place", ["i32", "i32"], (g, counts, to) => {
      g.for(0, BUCKETS, 1, () => {
        const count = g.int(g.loadInt(counts));
        g.storeInt(counts, 0, to);
        to.inc(count.mul(4));
        counts.inc(4);
      });
    });
    /** (keys, places, length, from): the indices in order of one byte, those of `from` or, in the first pass, 0, 1, 2, … */
    const pass = (byte: number) =>
      m.function(`pass ${byte}`, ["i32", "i32", "i32", "i32"], (g, keys, places, length, from) => {
        g.for(0, length, 1, (i) => {
          const index = byte === 0 ? i : g.int(g.loadInt(from));
          const key = g.loadInt(keys.add(index.mul(4)));
          const slot = g.int(
            places.add(
              key
                .shr(8 * byte)
                .and(BUCKETS - 1)
                .mul(4),
            ),
          );
          const to = g.int(g.loadInt(slot));
          g.storeInt(to, 0, index);
          g.storeInt(slot, 0, to.add(4));
          from.inc(4);
        });
      });
    eachRow(f, task, given, (x, y, keys, other, length) => {
      f.call(prepare, x, keys, scratch, length);
      for (let byte = 0; byte < BYTES_OF_KEY; byte++) {
        // an even number of passes ends in y
        const [from, to] = byte % 2 === 0 ? [y, other] : [other, y];
        const counts = scratch.add(4 * BUCKETS * byte);
        f.call(place, counts, to);
        f.call(pass(byte), keys, counts, length, from);
      }
    });
  },
);

/** y[r, :] = the indices that sort x[r, :], as int32. */
export function callArgsort(
  plan: Plan,
  x: number,
  y: number,
  [rows, length]: readonly [rows: number, length: number],
  spec: Spec,
): void {
  const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / length));
  const isShort = length <= LONGEST_INSERTION;
  const keys = plan.scratch(4 * rows * length);
  const other = isShort ? keys : plan.scratch(4 * rows * length);
  (isShort ? insertionKernel : radixKernel).call(plan, {
    spec,
    tasks: blocksOf(rows, perTask),
    args: { x, y, keys, other, rows, length, perTask },
  });
}
