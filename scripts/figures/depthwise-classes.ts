/**
 * Figure: the classes of pixels in the gradient of depthwise moments, as runsOf() of the kernel finds them: pixels that sit
 * at the same taps of their windows share one set of weights.
 */
import { runsOf } from "../../src/backends/wasm/kernels/moments/depthwise-grad.js";
import { HUES, lines, rect, svg, text } from "./svg.js";

const CELL = 34;
const TOP = 84;
const GRID_GAP = 70;
const SIZE = 7;
const KERNEL = 3;

/** Taps of every position along an axis. */
function tapsAlong(stride: number): (readonly number[])[] {
  const out = Math.floor((SIZE + 2 - KERNEL) / stride) + 1;
  const pair = (size: number) => [size, size] as const;
  const geometry = {
    ...{ images: 1, channels: 1, image: pair(SIZE), out: pair(out) },
    ...{ kernel: pair(KERNEL), stride: pair(stride), padding: pair(1) },
  };
  const taps: (readonly number[])[] = Array.from({ length: SIZE }, () => []);
  for (const run of runsOf(geometry, 0)) for (let i = 0; i < run.count; i++) taps[run.first + i * run.step] = run.taps;
  return taps;
}

/** How many offsets b − a the taps a reach along an axis. */
const reach = (taps: readonly number[]): number =>
  new Set(taps.flatMap((a) => Array.from({ length: KERNEL }, (_, b) => b - a))).size;

function grid(left: number, stride: number): string[] {
  const taps = tapsAlong(stride);
  const parts = [text(left, TOP - 34, `stride ${stride}`, { kind: "bold" })];
  const hueOf = new Map<string, number>();
  taps.forEach((own, i) => {
    const at = i * CELL + CELL / 2;
    parts.push(text(left + at, TOP - 8, own.join(""), { anchor: "middle", kind: "code small soft" }));
    parts.push(text(left - 8, TOP + at + 4, own.join(""), { anchor: "end", kind: "code small soft" }));
  });
  taps.forEach((rowTaps, y) => {
    taps.forEach((columnTaps, x) => {
      const key = `${rowTaps}|${columnTaps}`;
      if (!hueOf.has(key)) hueOf.set(key, hueOf.size % HUES);
      parts.push(rect(left + x * CELL, TOP + y * CELL, CELL, CELL, `cell hue${hueOf.get(key)}`));
      const words = `${reach(rowTaps) * reach(columnTaps)}`;
      const middle = [left + (x + 0.5) * CELL, TOP + (y + 0.5) * CELL + 4] as const;
      parts.push(text(...middle, words, { anchor: "middle", kind: "small" }));
    });
  });
  return parts;
}

export function depthwiseClasses(): string {
  const second = 60 + SIZE * CELL + GRID_GAP;
  const bottom = TOP + SIZE * CELL + 26;
  const parts = [
    text(20, 26, `${SIZE}×${SIZE} pixels, kernel 3×3, padding 1: one colour, one class`, { kind: "bold" }),
    ...grid(60, 1),
    ...grid(second, 2),
    ...lines(20, bottom, [
      "Beside rows and columns: the taps at which their pixels sit in some window.",
      "In a cell: the offsets at which x is read, which is the number of weights of its class.",
    ]),
  ];
  return svg(second + SIZE * CELL + 30, bottom + 34, "Classes of pixels in the gradient of depthwise moments", parts);
}
