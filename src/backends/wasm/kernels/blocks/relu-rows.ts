/**
 * Rows of a gradient behind a bias and a relu, [rows, C]: 0 where the relu's output is not above 0, and the sum over rows,
 * in float32 over short blocks and in float64 from there. Blocks and tasks are cut by C alone, so that every kernel that sums
 * such rows gets the same bits, whatever else it does with them.
 */
import type { FunctionBuilder, FunctionRef, IntVar, WasmModule } from "../../../../wasm/index.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import {
  addToDoubles,
  atStrip,
  forEachPair,
  forEachRowBlock,
  forEachStrip,
  paddedChannels,
  piecesOf,
  STRIP_LANES,
} from "./channels.js";

/** Rows summed in float32: whole register tiles of a product, with FMA (6) and without (4), whose rows are still in the cache. */
export const SUM_ROWS = 48;
/** Bytes of such a block, which strips of wide rows walk once each. */
const BLOCK_BYTES = 65536;
/** Elements of a task: 64 KiB of each tensor, so that a stage of S0 has more than 64 of them. */
const TASK_ELEMENTS = 16384;

/** What is done to rows; `dy` is read, and `dx` written where there is a mask. */
export interface ReluRows {
  readonly channels: number;
  readonly hasMask: boolean;
  readonly hasSums: boolean;
}

const blockRows = (channels: number): number => (4 * channels * SUM_ROWS <= BLOCK_BYTES ? SUM_ROWS : SUM_ROWS / 4);

/** Rows of a task, a multiple of SUM_ROWS. */
export const sumTaskRows = (channels: number): number =>
  SUM_ROWS * Math.max(1, Math.round(TASK_ELEMENTS / channels / SUM_ROWS));

/** Bytes of the sums of one task, float64. */
export const sumBytes = (channels: number): number => 8 * paddedChannels(channels);

/** (dy, y, dx, sums, rows): one block of a strip. */
const defineStrip = (m: WasmModule, { channels, hasMask, hasSums }: ReluRows, lanes: number): FunctionRef =>
  m.function(
    `relu rows ${channels} ${hasMask} ${hasSums} ${lanes}`,
    ["i32", "i32", "i32", "i32", "i32"],
    (f, dy, y, dx, sums, rows) => {
      const pieces = piecesOf(lanes).map((piece) => ({ ...piece, sum: f.vec(0, piece.parts) }));
      f.for(0, rows, 1, () => {
        for (const { at, lanes: own, parts, sum } of pieces)
          f.fence(() => {
            const d = f.loadPartial(dy, at, own, parts);
            // a NaN passes its gradient on
            const passed = hasMask
              ? f.vec(d.andNot(f.loadPartial(y, at, own, parts).lessEqual(f.splat(0, parts))))
              : f.vec(d);
            if (hasSums) sum.set(sum.add(passed));
            if (hasMask) f.storePartial(dx, at, passed, own);
          });
        for (const pointer of [dy, y, dx]) pointer.inc(4 * channels);
      });
      if (hasSums) for (const { at, sum } of pieces) addToDoubles(f, sums, 2 * at, sum);
    },
  );

/** Emits it for `rows` rows; where there are sums, `rows` begins a block of SUM_ROWS, and `sums` is added to. */
export function applyReluRows(
  m: WasmModule,
  f: FunctionBuilder,
  kind: ReluRows,
  { dy, y, dx, sums }: Readonly<Record<"dy" | "y" | "dx" | "sums", IntVar>>,
  rows: IntVar,
): void {
  const pointers = [dy, y, dx].map((pointer) => f.int(pointer));
  forEachRowBlock(f, kind.channels, blockRows(kind.channels), rows, pointers, (count) =>
    forEachStrip(
      f,
      kind.channels,
      (lanes) => defineStrip(m, kind, lanes),
      (at) => [...pointers.map((pointer) => pointer.add(at)), sums.add(at.mul(2)), count],
    ),
  );
}

const rowsKernel = defineKernel(
  {
    name: "relu rows",
    spec: specOf<ReluRows>(),
    args: { dy: "pointer", y: "pointer", dx: "pointer", rows: "int", sums: "pointer" },
  },
  ({ m, f, spec }, task, { dy, y, dx, rows, sums }) => {
    const { channels } = spec;
    const perTask = sumTaskRows(channels);
    const first = f.int(task.mul(perTask));
    const at = (pointer: IntVar) => f.int(pointer.add(first.mul(4 * channels)));
    const mine = f.int(sums.add(task.mul(sumBytes(channels))));
    if (spec.hasSums) f.fill(mine, 0, sumBytes(channels));
    const own = { dy: at(dy), y: at(y), dx: at(dx), sums: mine };
    applyReluRows(m, f, spec, own, f.int(rows.sub(first).min(perTask)));
  },
);

/** A task is a strip of channels. */
const mergeKernel = defineKernel(
  {
    name: "relu rows merge",
    spec: specOf<{ readonly channels: number }>(),
    args: { sums: "pointer", parts: "int", to: "pointer" },
  },
  ({ f, spec: { channels } }, strip, { sums, parts, to }) =>
    atStrip(f, channels, strip, (width) =>
      forEachPair(f, width, (pair, lanes) => {
        const c = strip.mul(STRIP_LANES).add(pair);
        const p = f.int(sums.add(c.mul(8)));
        const sum = f.vec(f.splatDouble(0, 1));
        f.for(0, parts, 1, () => {
          sum.set(sum.addDouble(f.load(p, 0, 1)));
          p.inc(sumBytes(channels));
        });
        f.storePartial(to.add(c.mul(4)), 0, sum.demote(), lanes);
      }),
    ),
);

/** Adds up the sums of `parts` tasks, in order, to float32 at `to`. */
export function callMergeSums(plan: Plan, channels: number, sums: number, parts: number, to: number): void {
  mergeKernel.call(plan, { spec: { channels }, tasks: Math.ceil(channels / STRIP_LANES), args: { sums, parts, to } });
}

/** dx from dy and y where there is a mask, and the sums at `dbias` where it is not null. */
export function callReluRows(
  plan: Plan,
  { channels, rows, hasMask }: { readonly channels: number; readonly rows: number; readonly hasMask: boolean },
  { dy, y, dx, dbias }: { readonly dy: number; readonly y: number; readonly dx: number; readonly dbias: number | null },
): void {
  const hasSums = dbias !== null;
  const tasks = Math.ceil(rows / sumTaskRows(channels));
  const sums = hasSums ? plan.scratch(tasks * sumBytes(channels)) : 0;
  rowsKernel.call(plan, { spec: { channels, hasMask, hasSums }, tasks, args: { dy, y, dx, rows, sums } });
  if (hasSums) callMergeSums(plan, channels, sums, tasks, dbias);
}
