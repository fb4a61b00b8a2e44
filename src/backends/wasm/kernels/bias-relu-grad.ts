/**
 * The gradient behind a bias and a relu in one pass: dx = dy but 0 where y <= 0, and its sum over rows (float32 over short
 * blocks, float64 over blocks and tasks), while dx is still in registers.
 */
import type { FunctionRef, WasmModule } from "../../../wasm/index.js";
import {
  addToDoubles,
  blockRowsWithin,
  forEachPair,
  forEachRowBlock,
  forEachStrip,
  paddedChannels,
  piecesOf,
} from "./blocks/channels.js";
import { blocksOf } from "./blocks/tasks.js";
import { defineKernel, specOf } from "./define-kernel.js";
import type { Lowering } from "./plan.js";

/** Elements of a task: 256 KiB of each of the three tensors. */
const TASK_ELEMENTS = 65536;
/** Rows summed in float32 at most, and bytes of them, as in batch-norm/gradient.ts. */
const BLOCK_ROWS = 64;
const BLOCK_BYTES = 65536;

const partialBytes = (channels: number): number => 8 * paddedChannels(channels);

/** (dy, y, dx, partial, rows): one block of a strip. */
const defineStrip = (m: WasmModule, channels: number, lanes: number): FunctionRef =>
  m.function(`strip ${lanes}`, ["i32", "i32", "i32", "i32", "i32"], (f, dy, y, dx, partial, rows) => {
    const pieces = piecesOf(lanes).map((piece) => ({ ...piece, sum: f.vec(0, piece.parts) }));
    f.for(0, rows, 1, () => {
      for (const { at, lanes: own, parts, sum } of pieces)
        f.fence(() => {
          const d = f.loadPartial(dy, at, own, parts);
          // a NaN passes its gradient on
          const passed = f.vec(d.andNot(f.loadPartial(y, at, own, parts).lessEqual(f.splat(0, parts))));
          sum.set(sum.add(passed));
          f.storePartial(dx, at, passed, own);
        });
      for (const pointer of [dy, y, dx]) pointer.inc(4 * channels);
    });
    for (const { at, sum } of pieces) addToDoubles(f, partial, 2 * at, sum);
  });

interface Spec {
  readonly channels: number;
}

const passKernel = defineKernel(
  {
    name: "bias relu gradient",
    spec: specOf<Spec>(),
    args: { dy: "pointer", y: "pointer", dx: "pointer", rows: "int", perTask: "int", partials: "pointer" },
  },
  ({ m, f, spec: { channels } }, task, { dy, y, dx, rows, perTask, partials }) => {
    const first = f.int(task.mul(perTask));
    const count = f.int(rows.sub(first).min(perTask));
    const pointers = [dy, y, dx].map((pointer) => f.int(pointer.add(first.mul(4 * channels))));
    const mine = f.int(partials.add(task.mul(partialBytes(channels))));
    f.fill(mine, 0, partialBytes(channels));
    forEachRowBlock(f, channels, blockRowsWithin(BLOCK_BYTES, channels, BLOCK_ROWS), count, pointers, (n) =>
      forEachStrip(
        f,
        channels,
        (lanes) => defineStrip(m, channels, lanes),
        (at) => [...pointers.map((pointer) => pointer.add(at)), mine.add(at.mul(2)), n],
      ),
    );
  },
);

const mergeKernel = defineKernel(
  {
    name: "bias relu gradient merge",
    spec: specOf<Spec>(),
    args: { partials: "pointer", parts: "int", dbias: "pointer" },
  },
  ({ f, spec: { channels } }, _, { partials, parts, dbias }) =>
    forEachPair(f, channels, (c, lanes) => {
      const p = f.int(partials.add(c.mul(8)));
      const sum = f.vec(f.splatDouble(0, 1));
      f.for(0, parts, 1, () => {
        sum.set(sum.addDouble(f.load(p, 0, 1)));
        p.inc(partialBytes(channels));
      });
      f.storePartial(dbias.add(c.mul(4)), 0, sum.demote(), lanes);
    }),
);

export const biasReluGrad: Lowering<"biasReluGrad"> = ([dy, y], _, [dx, dbias], plan) => {
  if (dy.dtype !== "float32") return false;
  const channels = dbias.size;
  const rows = dy.size / channels;
  const perTask = Math.min(rows, Math.max(BLOCK_ROWS, Math.floor(TASK_ELEMENTS / channels / BLOCK_ROWS) * BLOCK_ROWS));
  const tasks = blocksOf(rows, perTask);
  const partials = plan.scratch(tasks * partialBytes(channels));
  passKernel.call(plan, {
    spec: { channels },
    tasks,
    args: { dy: dy.pointer, y: y.pointer, dx: dx.pointer, rows, perTask, partials },
  });
  mergeKernel.call(plan, { spec: { channels }, tasks: 1, args: { partials, parts: tasks, dbias: dbias.pointer } });
  return true;
};
