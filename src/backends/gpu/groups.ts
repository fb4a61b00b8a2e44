/** Workgroups of a dispatch: how many there are on a side, and how more of them are laid out. */
import type { Dims } from "./kernel.js";

/** On a side, by WebGPU's default, which no adapter goes below. */
export const MAX_GROUPS = 65_535;

/** One row of workgroups as far as a dispatch reaches, then more rows. */
export function foldGroups(count: number, threads: number): { readonly groups: Dims; readonly width: number } {
  const all = Math.ceil(count / threads);
  const rows = Math.max(1, Math.ceil(all / MAX_GROUPS));
  const inRow = Math.ceil(all / rows);
  return { groups: [inRow, rows, 1], width: inRow * threads };
}
