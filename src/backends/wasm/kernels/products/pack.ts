/**
 * Packing: B of a matrix product copied into panels that a register tile reads front to back, from any layout a weight can
 * have. Costs one pass over B per op, about 1 % of a convolution's time.
 */
import type { FunctionBuilder, Target } from "../../../../wasm/index.js";
import type { Kernel, Plan } from "../plan.js";
import { packedBytes, panelColumns } from "./gemm-tile.js";

/** B[(tap, i), j] of shape [taps · depth, n], by byte distances in memory; tapStep may be negative. */
export interface PackSource {
  readonly taps: number;
  readonly depth: number;
  readonly n: number;
  readonly tapStep: number;
  readonly depthStep: number;
  readonly columnStep: number;
}

/** B stored as [k, n] (or [n, k] when transposed), contiguous. */
export const matrixSource = (k: number, n: number, transposed: boolean): PackSource => ({
  taps: 1,
  depth: k,
  n,
  tapStep: 0,
  depthStep: transposed ? 4 : 4 * n,
  columnStep: transposed ? 4 * k : 4,
});

/** A task is a panel. */
function packKernel(source: PackSource, target: Target): Kernel {
  const { taps, depth, n, tapStep, depthStep, columnStep } = source;
  const width = panelColumns(target);
  const fullPanels = Math.floor(n / width);
  const rest = n % width;
  return {
    key: `pack ${JSON.stringify(source)}`,
    emit: (m) =>
      m.run(["from", "to"], (f, begin, end, from, to) => {
        const load = (p: ReturnType<FunctionBuilder["int"]>, at: number, count: number) => {
          if (columnStep === 4) return f.loadPartial(p, at, count, 1);
          let gathered = f.vec(0, 1);
          for (let lane = 0; lane < count; lane++) {
            const next = f.vec(f.loadLane(gathered, p, at * (columnStep / 4) + lane * columnStep, lane), 1);
            gathered = next;
          }
          return gathered;
        };
        const panel = (
          p: ReturnType<FunctionBuilder["int"]>,
          out: ReturnType<FunctionBuilder["int"]>,
          columns: number,
        ) => {
          const rowBytes = 4 * Math.ceil(columns / m.lanes) * m.lanes;
          f.for(0, taps, 1, (tap) => {
            const row = f.int(p.add(tap.mul(tapStep)));
            f.for(0, depth, 1, () => {
              for (let at = 0; at < rowBytes; at += 16)
                f.store(out, at, load(row, at, Math.max(0, Math.min(4, columns - at / 4))));
              row.inc(depthStep);
              out.inc(rowBytes);
            });
          });
        };
        f.for(begin, end, 1, (task) => {
          const p = f.int(from.add(task.mul(width * columnStep)));
          const out = f.int(to.add(task.mul(4 * width * taps * depth)));
          if (fullPanels === 0) panel(p, out, rest);
          else if (rest === 0) panel(p, out, width);
          else
            f.if(
              task.less(fullPanels),
              () => panel(p, out, width),
              () => panel(p, out, rest),
            );
        });
      }),
  };
}

/** Packs B from `from` into `to` (packedBytes of it). */
export function pack(plan: Plan, source: PackSource, from: number, to: number): void {
  plan.call(packKernel(source, plan.target), Math.ceil(source.n / panelColumns(plan.target)), [from, to]);
}

/** Packs B into scratch and returns its pointer. */
export function packToScratch(plan: Plan, source: PackSource, from: number): number {
  const to = plan.scratch(packedBytes(plan.target, source.taps * source.depth, source.n));
  pack(plan, source, from, to);
  return to;
}
