/**
 * What libjpeg-turbo 2.1 puts in for coefficients that a progressive JPEG's missing scans would have brought: estimates from the DC
 * values of the 25 blocks around (jdcoefct.c, decompress_smooth_data; after ITU-T T.81, K.8). An estimate is only for a coefficient that
 * is still zero. Weights are by row of the neighbourhood; their sums are divided by 256.
 */
import type { Coefficients } from "./jpeg-scan.js";
import type { Frame, Oddness, ScanHeader } from "./jpeg-segments.js";
import { naturalOrder } from "./jpeg-tables.js";

/** Coefficients that are estimated: zigzag places 1 to 9. */
const ESTIMATED = 9;

// prettier-ignore
/** Where nothing but DC is known; the first is DC's own. */
const fromNothing: readonly (readonly number[])[] = [
  [-2, -6, -8, -6, -2, -6, 6, 42, 6, -6, -8, 42, 152, 42, -8, -6, 6, 42, 6, -6, -2, -6, -8, -6, -2],
  [-1, -1, 0, 1, 1, -3, 13, 0, -13, 3, -3, 38, 0, -38, 3, -3, 13, 0, -13, 3, -1, -1, 0, 1, 1],
  [-1, -3, -3, -3, -1, -1, 13, 38, 13, -1, 0, 0, 0, 0, 0, 1, -13, -38, -13, 1, 1, 3, 3, 3, 1],
  [0, 0, 1, 0, 0, 0, 2, 7, 2, 0, 0, -5, -14, -5, 0, 0, 2, 7, 2, 0, 0, 0, 1, 0, 0],
  [-1, 0, 0, 0, 1, 0, 9, 0, -9, 0, 0, 0, 0, 0, 0, 0, -9, 0, 9, 0, 1, 0, 0, 0, -1],
  [0, 0, 0, 0, 0, 0, 2, -5, 2, 0, 1, 7, -14, 7, 1, 0, 2, -5, 2, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 1, 0, -1, 0, 0, 2, 0, -2, 0, 0, 1, 0, -1, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 1, -3, 1, 0, 0, 0, 0, 0, 0, 0, -1, 3, -1, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 1, 0, -1, 0, 0, -3, 0, 3, 0, 0, 1, 0, -1, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, -1, -2, -1, 0, 0, 0, 0, 0, 0],
];
/** Where some AC coefficients are known: the first five alone. */
const fromSome: readonly (readonly number[] | undefined)[] = [
  undefined,
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -7, 50, 0, -50, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, -7, 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, -50, 0, 0, 0, 0, 7, 0, 0],
  [0, 0, -1, 0, 0, 0, 0, 13, 0, 0, 0, 0, -24, 0, 0, 0, 0, 13, 0, 0, 0, 0, -1, 0, 0],
  [0, -1, 0, 1, 0, -1, 10, 0, -10, 1, 0, 0, 0, 0, 0, 1, -10, 0, 10, -1, 0, 1, 0, -1, 0],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 13, -24, 13, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
];

/** How exactly coefficients are known, by component: the lowest bit that came, -1 where none did. */
export interface Knowledge {
  readonly now: Int8Array;
  /** As it was before the component's last scan. */
  readonly before: Int8Array;
}

/** What is known before the first scan. */
export const newKnowledge = (): Knowledge => ({ now: new Int8Array(64).fill(-1), before: new Int8Array(64).fill(-1) });

/** What a progressive scan tells of its coefficients; one that does not follow from those before it is odd. */
export function learn(
  { members, first, last, high, low }: ScanHeader,
  knowledge: readonly Knowledge[],
  number: number,
  odd: Set<Oddness>,
): void {
  for (const { component } of members) {
    const { now, before } = knowledge[component]!;
    if (first > 0 && now[0]! < 0) odd.add("scans that contradict each other");
    for (let k = Math.min(first, 1); k <= Math.max(Math.min(last, 63), ESTIMATED); k++)
      before[k] = number > 1 ? now[k]! : 0;
    for (let k = first; k <= Math.min(last, 63); k++) {
      if (high !== Math.max(0, now[k]!)) odd.add("scans that contradict each other");
      now[k] = low;
    }
  }
}

/** Whether the coefficients that could be estimated are all known to their last bit. */
export const isComplete = (knowledge: readonly Knowledge[]): boolean =>
  knowledge.every(({ now }) => now.subarray(0, ESTIMATED + 1).every((bit) => bit === 0));

/** Whether libjpeg would estimate: some coefficient is not known to its last bit, and every component has a DC value. */
export function isIncomplete(knowledge: readonly Knowledge[], { quantizers }: Coefficients): boolean {
  if (knowledge.some(({ now }) => now[0]! < 0)) return false;
  if (quantizers.some((table) => table === undefined || table.subarray(0, ESTIMATED + 1).includes(0))) return false;
  return knowledge.some(({ now }) => now.subarray(1, ESTIMATED + 1).some((bit) => bit !== 0));
}

/** The coefficients of one component with estimates in them, as a copy. */
export function smooth(frame: Frame, component: number, known: Knowledge, from: Coefficients): Int16Array {
  const blocks = from.blocks[component]!;
  const out = blocks.slice();
  const { v, rows, columns, stride } = frame.components[component]!;
  const lastMcuRow = Math.ceil(frame.height / (8 * frame.maxV)) - 1;
  const quantizer = from.quantizers[component]!;
  // below, all DC values around are zero
  for (let row = 0; row < Math.min(rows, v * (from.dataRows + 2)); row++) {
    const mcuRow = Math.floor(row / v);
    const bits = mcuRow > from.lastGoodRow ? known.before : known.now;
    const isBare = bits.subarray(1, ESTIMATED + 1).every((bit) => bit === -1);
    const weights = isBare ? fromNothing : fromSome;
    const around = neighbourRows(row, v, rows, mcuRow, lastMcuRow).map((r) => r * stride);
    for (let column = 0; column < columns; column++) {
      const at = 64 * (row * stride + column);
      const dcs = neighbourhood(blocks, around, column, columns);
      for (let k = 1; k < weights.length; k++) {
        const place = at + naturalOrder[k]!;
        if (bits[k] !== 0 && blocks[place] === 0)
          out[place] = estimate(dcs, weights[k]!, quantizer[0]!, quantizer[k]!, bits[k]!);
      }
      if (isBare) out[at] = estimate(dcs, weights[0]!, quantizer[0]!, quantizer[0]!, 0);
    }
  }
  return out;
}

function estimate(dcs: Int32Array, weights: readonly number[], dcStep: number, step: number, lowBit: number): number {
  let sum = 0;
  for (let i = 0; i < 25; i++) sum += weights[i]! * dcs[i]!;
  sum *= dcStep;
  const size = Math.floor((step * 128 + Math.abs(sum)) / (step * 256));
  // no larger than what the bits that came leave open
  const cut = lowBit > 0 ? Math.min(size, (1 << lowBit) - 1) : size;
  return sum >= 0 ? cut : -cut;
}

/** The two rows of blocks before `row`, itself and the two after it, as libjpeg chooses them where some are missing. */
function neighbourRows(row: number, v: number, rows: number, mcuRow: number, lastMcuRow: number): number[] {
  const inMcu = row - mcuRow * v;
  const here = mcuRow < lastMcuRow ? v : rows % v || v;
  const before = inMcu > 0 || mcuRow > 0 ? row - 1 : row;
  const before2 = inMcu > 1 || mcuRow > 1 ? row - 2 : before;
  const after = inMcu < here - 1 || mcuRow < lastMcuRow ? row + 1 : row;
  const after2 = inMcu < here - 2 || mcuRow + 1 < lastMcuRow ? row + 2 : after;
  return [before2, before, row, after, after2];
}

const window = new Int32Array(25);

/** The DC values around a block; the buffer slides along its row. */
function neighbourhood(blocks: Int16Array, rows: readonly number[], column: number, columns: number): Int32Array {
  rows.forEach((start, y) => {
    const dc = (x: number): number => blocks[64 * (start + x)]!;
    const i = 5 * y;
    if (column === 0) {
      window.fill(dc(0), i, i + 5);
      if (columns > 1) window[i + 3] = dc(1);
    } else window.copyWithin(i, i + 1, i + 5);
    if (column + 2 < columns) window[i + 4] = dc(column + 2);
  });
  return window;
}
