/**
 * Packing: B of a matrix product copied into panels that a register tile reads front to back, from any layout a weight can
 * have. Costs one pass over B per op, about 1 % of a convolution's time.
 */
import { alignUp } from "../../../../util/align-up.js";
import type { IntVar } from "../../../../wasm/index.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineRangeKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { panelColumns } from "./gemm-tile.js";

/** B[(tap, i), j] of shape [taps · depth, n], by byte distances in memory; tapStep may be negative. */
export interface PackSource {
  readonly taps: number;
  readonly depth: number;
  readonly n: number;
  readonly tapStep: number;
  /** Taps by lines: so many lie tapStep apart, then the next line begins `step` after the one before. */
  readonly lines?: { readonly taps: number; readonly step: number };
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
const packKernel = defineRangeKernel(
  { name: "pack", spec: specOf<PackSource>(), args: { from: "pointer", to: "pointer" } },
  ({ m, f, spec: { taps, depth, n, tapStep, lines, depthStep, columnStep } }, { begin, end }, { from, to }) => {
    const width = panelColumns(m.target);
    const fullPanels = Math.floor(n / width);
    const rest = n % width;
    const load = (p: IntVar, at: number, count: number) => {
      if (columnStep === 4) return f.loadPartial(p, at, count, 1);
      let gathered = f.vec(0, 1);
      for (let lane = 0; lane < count; lane++) {
        const next = f.vec(f.loadLane(gathered, p, at * (columnStep / 4) + lane * columnStep, lane), 1);
        gathered = next;
      }
      return gathered;
    };
    const panel = (p: IntVar, out: IntVar, columns: number) => {
      const rowBytes = 4 * alignUp(columns, m.lanes);
      f.for(0, taps, 1, (tap) => {
        const row = f.int(p.add(tap.mul(tapStep)));
        // whole lines before this one
        if (lines) row.inc(tap.div(lines.taps).mul(lines.step - lines.taps * tapStep));
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
  },
);

/** Packs B from `from` into `to` (packedBytes of it). */
export function pack(plan: Plan, source: PackSource, from: number, to: number): void {
  packKernel.call(plan, {
    spec: source,
    tasks: blocksOf(source.n, panelColumns(plan.target)),
    args: { from, to },
  });
}
