/**
 * Passes over rows [rows, C] with a few numbers per channel held in registers: normalisation and its gradient.
 */
import { type FunctionBuilder, floatBits, type Vec } from "../../../../wasm/index.js";
import { blockRowsWithin, forEachRowBlock, forEachStrip, paddedChannels, piecesOf } from "../blocks/channels.js";
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
  /** Tensors [rows, C] read, and vectors of coefficients. */
  readonly inputs: number;
  readonly coefficients: number;
  readonly formula: (f: FunctionBuilder, inputs: readonly Vec[], coefficients: readonly Vec[]) => Vec;
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
      coefficients: "pointer",
      rows: "int",
      perTask: "int",
    }),
  },
  ({ m, f, spec: { formula, channels } }, task, args) => {
    const { inputs } = formula;
    const pointers = new Array<"i32">(inputs + 3).fill("i32");
    /** (...inputs, y, coefficients, rows) */
    const define = (lanes: number) =>
      m.function(`strip ${lanes}`, pointers, (g, ...params) => {
        const [y, table, rows] = [params[inputs]!, params[inputs + 1]!, params[inputs + 2]!];
        const from = params.slice(0, inputs);
        const pieces = piecesOf(lanes).map((piece) => ({
          ...piece,
          values: Array.from({ length: formula.coefficients }, (_, i) =>
            g.vec(g.loadPartial(table, 4 * i * paddedChannels(channels) + piece.at, piece.lanes, piece.parts)),
          ),
        }));
        g.for(0, rows, 1, () => {
          for (const { at, lanes: own, parts, values } of pieces)
            g.fence(() => {
              const xs = from.map((x) => g.vec(g.loadPartial(x, at, own, parts)));
              g.storePartial(y, at, g.vec(formula.formula(g, xs, values)), own);
            });
          for (const pointer of [...from, y]) pointer.inc(4 * channels);
        });
      });
    const { coefficients, perTask } = args;
    const first = f.int(task.mul(perTask));
    const count = f.int(args.rows.sub(first).min(perTask));
    const moving = [...args.inputs, args.y].map((pointer) => f.int(pointer.add(first.mul(4 * channels))));
    forEachRowBlock(f, channels, blockRowsWithin(BLOCK_BYTES, channels, BLOCK_ROWS), count, moving, (n) =>
      forEachStrip(f, channels, define, (at) => [...moving.map((p) => p.add(at)), coefficients.add(at), n]),
    );
  },
);

/** y = formula(inputs, coefficients) over [rows, C]; the coefficients are [count, paddedChannels] float32. */
export function callRows(
  plan: Plan,
  formula: RowsFormula,
  rows: number,
  channels: number,
  inputs: readonly number[],
  coefficients: number,
  y: number,
): void {
  const perTask = Math.min(rows, Math.max(1, Math.floor(TASK_ELEMENTS / channels)));
  rowsKernel.call(plan, {
    spec: { formula, channels },
    tasks: blocksOf(rows, perTask),
    args: { inputs, y, coefficients, rows, perTask },
  });
}

/** y = (x − centre)·scale + shift. */
export const normalize: RowsFormula = {
  name: "batch-norm apply",
  inputs: 1,
  coefficients: 3,
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
  const row = (i: number): HeapOperand => ({ ...mean, pointer: coefficients + 4 * i * paddedChannels(mean.size) });
  callMap(plan, same, [mean], [row(0)]);
  callMap(plan, evalScale, [gamma, variance], [row(1)], [floatBits(eps)]);
  callMap(plan, same, [beta], [row(2)]);
}
