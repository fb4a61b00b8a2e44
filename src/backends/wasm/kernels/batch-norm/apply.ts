/**
 * Passes over rows [rows, C] with a few numbers per channel held in registers: normalisation and its gradient.
 */
import {
  type FunctionBuilder,
  floatBits,
  type Int,
  type IntVar,
  type Vec,
  type WasmModule,
} from "../../../../wasm/index.js";
import { blockRowsWithin, forEachRowBlock, forEachStrip, piecesOf } from "../blocks/channels.js";
import { callMap, type MapFormula } from "../blocks/map.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, list, specOf } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";

/** Elements of a task: 128 KiB per operand, 10-20 µs. */
const TASK_ELEMENTS = 32768;
/** Rows for which a strip's coefficients stay in registers, and their bytes at most. */
const BLOCK_ROWS = 32;
const BLOCK_BYTES = 32768;

export interface RowsFormula {
  readonly name: string;
  /** Tensors [rows, C] read. */
  readonly inputs: number;
  /** Vectors of each table of coefficients [count, C]. */
  readonly tables: readonly number[];
  /** `coefficients` are those of all tables, in order. */
  readonly formula: (f: FunctionBuilder, inputs: readonly Vec[], coefficients: readonly Vec[]) => Vec;
}

/** (...inputs, y, ...tables, rows): a strip of channels. */
const defineStrip = (m: WasmModule, { name, inputs, tables, formula }: RowsFormula, channels: number, lanes: number) =>
  m.function(
    `${name} ${channels} ${lanes}`,
    new Array<"i32">(inputs + tables.length + 2).fill("i32"),
    (g, ...params) => {
      const from = params.slice(0, inputs);
      const y = params[inputs]!;
      const rows = params.at(-1)!;
      const pieces = piecesOf(lanes).map((piece) => ({
        ...piece,
        values: tables.flatMap((count, table) =>
          Array.from({ length: count }, (_, i) =>
            g.vec(g.loadPartial(params[inputs + 1 + table]!, 4 * i * channels + piece.at, piece.lanes, piece.parts)),
          ),
        ),
      }));
      g.for(0, rows, 1, () => {
        for (const { at, lanes: own, parts, values } of pieces)
          g.fence(() => {
            const xs = from.map((x) => g.vec(g.loadPartial(x, at, own, parts)));
            g.storePartial(y, at, g.vec(formula(g, xs, values)), own);
          });
        for (const pointer of [...from, y]) pointer.inc(4 * channels);
      });
    },
  );

/** Emits y = formula(inputs, tables) over `rows` rows of `channels`; y may be one of the inputs. */
export function applyRows(
  m: WasmModule,
  f: FunctionBuilder,
  formula: RowsFormula,
  channels: number,
  { inputs, y, tables }: { readonly inputs: readonly Int[]; readonly y: Int; readonly tables: readonly Int[] },
  rows: IntVar,
): void {
  const moving = [...inputs, y].map((pointer) => f.int(pointer));
  forEachRowBlock(f, channels, blockRowsWithin(BLOCK_BYTES, channels, BLOCK_ROWS), rows, moving, (count) =>
    forEachStrip(
      f,
      channels,
      (lanes) => defineStrip(m, formula, channels, lanes),
      (at) => [...moving, ...tables].map((pointer) => pointer.add(at)).concat(count),
    ),
  );
}

interface Spec {
  readonly formula: RowsFormula;
  readonly channels: number;
}

const rowsKernel = defineKernel(
  {
    name: "rows of channels",
    spec: specOf<Spec>(),
    args: ({ formula }: Spec) => ({
      inputs: list(formula.inputs, "pointer"),
      y: "pointer",
      tables: list(formula.tables.length, "pointer"),
      rows: "int",
      perTask: "int",
    }),
  },
  ({ m, f, spec: { formula, channels } }, task, { inputs, y, tables, rows, perTask }) => {
    const first = f.int(task.mul(perTask));
    const skipped = first.mul(4 * channels);
    const own = { inputs: inputs.map((x) => x.add(skipped)), y: y.add(skipped), tables };
    applyRows(m, f, formula, channels, own, f.int(rows.sub(first).min(perTask)));
  },
);

/** y = formula(inputs, tables) over [rows, C]; a table is [count, C] float32. */
export function callRows(
  plan: Plan,
  formula: RowsFormula,
  rows: number,
  channels: number,
  inputs: readonly number[],
  tables: readonly number[],
  y: number,
): void {
  const perTask = Math.min(rows, Math.max(1, Math.floor(TASK_ELEMENTS / channels)));
  rowsKernel.call(plan, {
    spec: { formula, channels },
    tasks: blocksOf(rows, perTask),
    args: { inputs, y, tables, rows, perTask },
  });
}

/** y = (x − centre)·scale + shift. */
export const normalize: RowsFormula = {
  name: "batch-norm apply",
  inputs: 1,
  tables: [3],
  formula: (f, [x], [centre, scale, shift]) => f.madd(x!.sub(centre!), scale!, shift!),
};

const evalScale: MapFormula = {
  name: "batch-norm scale",
  span: {
    outputs: 1,
    floats: 1,
    vectors: 1,
    formula: (_, [gamma, variance], [eps]) => [gamma!.div(variance!.add(eps!).sqrt())],
  },
};
const same: MapFormula = { name: "same", span: { outputs: 1, floats: 0, vectors: 1, formula: (_, [x]) => [x!] } };

/** Coefficients of `normalize` from given statistics. */
export function callEvalCoefficients(
  plan: Plan,
  [gamma, beta, mean, variance]: readonly [HeapOperand, HeapOperand, HeapOperand, HeapOperand],
  eps: number,
  coefficients: number,
): void {
  const row = (i: number): HeapOperand => ({ ...mean, pointer: coefficients + 4 * i * mean.size });
  callMap(plan, same, [mean], [row(0)]);
  callMap(plan, evalScale, [gamma, variance], [row(1)], [floatBits(eps)]);
  callMap(plan, same, [beta], [row(2)]);
}
