/**
 * Kernels of branches as float64 panels: up to four neighbouring output channels of one group, [K, 4], with zeros where a
 * smaller kernel does not reach and ones where a branch passes its input through. A panel is what a task of folding works
 * on: output channels do not know of each other.
 */
import { type FoldSizes, firstTap, foldSizes, splitBranches } from "../../../../ops/branches.js";
import type { FoldAttrs } from "../../../../ops/spec/index.js";
import type { FunctionBuilder, IntVar, WasmModule } from "../../../../wasm/index.js";
import type { HeapOperand } from "../plan.js";
import { PANEL_COLUMNS, PANEL_ROW_BYTES } from "./double-tile.js";

export interface BranchLayout extends FoldSizes {
  readonly groups: number;
  readonly outPerGroup: number;
  /** Panels per group; the last one may be narrower. */
  readonly quads: number;
  /** Rows of [K, Cout] that each branch's kernel covers. */
  readonly covers: readonly { readonly first: number; readonly rows: number; readonly isIdentity: boolean }[];
}

export function branchLayout(k: number, branches: readonly HeapOperand[], attrs: FoldAttrs): BranchLayout {
  const sizes = foldSizes(
    "fold",
    k,
    branches.map(({ shape }) => shape),
    attrs,
  );
  const outPerGroup = sizes.cOut / attrs.groups;
  const covers = splitBranches(branches, attrs).kernels.map((kernel) => ({
    first: firstTap(attrs.kernelSize, kernel?.shape ?? null) * sizes.inPerGroup,
    rows: kernel ? kernel.size / sizes.cOut : sizes.inPerGroup,
    isIdentity: kernel === null,
  }));
  return { ...sizes, groups: attrs.groups, outPerGroup, quads: Math.ceil(outPerGroup / PANEL_COLUMNS), covers };
}

export const panelBytes = ({ k }: BranchLayout): number => k * PANEL_ROW_BYTES;
export const taskCount = ({ groups, quads }: BranchLayout): number => groups * quads;

/** Where a task's output channels are: its group, the first channel within it and of all. */
export interface PanelPosition {
  readonly group: IntVar;
  readonly local: IntVar;
  readonly channel: IntVar;
}

/** Splits a task up and runs `body` for its number of channels, known at emission. */
export function atPosition(
  f: FunctionBuilder,
  { outPerGroup, quads }: BranchLayout,
  task: IntVar,
  body: (place: PanelPosition, columns: number) => void,
): void {
  const group = f.int(task.div(quads));
  const local = f.int(task.sub(group.mul(quads)).mul(PANEL_COLUMNS));
  const place = { group, local, channel: f.int(group.mul(outPerGroup).add(local)) };
  const rest = outPerGroup % PANEL_COLUMNS;
  const whole = outPerGroup - rest;
  if (rest === 0) body(place, PANEL_COLUMNS);
  else if (whole === 0) body(place, rest);
  else
    f.if(
      local.below(whole),
      () => body(place, PANEL_COLUMNS),
      () => body(place, rest),
    );
}

/** The pairs of columns that fill vectors of two doubles: first column and how many. */
export const pairsOf = (columns: number): readonly { readonly at: number; readonly lanes: number }[] =>
  [0, 2].filter((at) => at < columns).map((at) => ({ at, lanes: Math.min(2, columns - at) }));

/** Writes the panel of branch `i` at `place` to `to`; `kernel` is unused for an identity. */
export function writePanel(
  m: WasmModule,
  f: FunctionBuilder,
  layout: BranchLayout,
  i: number,
  kernel: IntVar | null,
  { local, channel }: PanelPosition,
  columns: number,
  to: IntVar,
): void {
  const { cOut, k } = layout;
  const { first, rows } = layout.covers[i]!;
  if (rows < k || !kernel) f.fill(to, 0, panelBytes(layout));
  if (!kernel) {
    const one = f.f64(1);
    for (let j = 0; j < columns; j++)
      f.storeFloat(to.add(local.mul(PANEL_ROW_BYTES)), (first + j) * PANEL_ROW_BYTES + 8 * j, one);
    return;
  }
  const copy = m.function(`panel ${columns} ${cOut}`, ["i32", "i32", "i32"], (g, from, out, count) => {
    g.for(0, count, 1, () => {
      const pairs = pairsOf(columns);
      for (const at of [0, 2]) {
        const pair = pairs.find((one) => one.at === at);
        g.store(out, 8 * at, pair ? g.loadPartial(from, 4 * at, pair.lanes, 1).promoteLow() : g.splatDouble(0, 1));
      }
      from.inc(4 * cOut);
      out.inc(PANEL_ROW_BYTES);
    });
  });
  f.call(copy, kernel.add(channel.mul(4)), to.add(first * PANEL_ROW_BYTES), rows);
}
