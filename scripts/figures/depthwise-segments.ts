/**
 * Figure: which pairs of image rows serve which pairs of kernel rows in the moments of depthwise 3×3 patches, as
 * segmentsOf() of the kernel cuts them.
 */
import { segmentsOf } from "../../src/backends/wasm/kernels/moments/depthwise.js";
import { HUES, lines, rect, svg, text } from "./svg.js";

const CELL = { width: 74, height: 26 } as const;
const LEFT = 110;
const TOP = 74;
const GAP = 34;

const kernel = [3, 3] as const;
/** Rows of windows; the plane has two rows more, of padding. */
const WINDOWS = 5;

export function depthwiseSegments(): string {
  const segments = segmentsOf({ out: [WINDOWS, WINDOWS], kernel, stride: [1, 1] });
  const rows = WINDOWS + kernel[0] - 1;
  const parts: string[] = [
    text(20, 26, `${WINDOWS} rows of windows, kernel 3×3, stride 1: rows of the padded plane`, { kind: "bold" }),
  ];
  for (let y = 0; y < rows; y++) {
    const label = y === 0 || y === rows - 1 ? `row ${y} (padding)` : `row ${y}`;
    parts.push(text(LEFT - 8, TOP + y * CELL.height + 17, label, { anchor: "end", kind: "small soft" }));
  }
  const hueOf = new Map<string, number>();
  for (let distance = 0; distance < kernel[0]; distance++) {
    const x = LEFT + distance * (2 * CELL.width + GAP);
    const words = distance === 0 ? "y with itself: 6 + 3 sums" : `y with y + ${distance}: 9 sums`;
    parts.push(text(x, TOP - 10, words, { kind: "small" }));
    for (const segment of segments.filter((one) => one.distance === distance)) {
      const pairs = segment.kernelRows.map((r) => `${r}·${r + distance}`).join("  ");
      if (!hueOf.has(pairs)) hueOf.set(pairs, hueOf.size % HUES);
      for (let i = 0; i < segment.count; i++) {
        const y = TOP + (segment.first + i) * CELL.height;
        parts.push(rect(x, y, 2 * CELL.width, CELL.height, `cell hue${hueOf.get(pairs)}`));
        parts.push(text(x + CELL.width, y + 17, pairs, { anchor: "middle", kind: "code small" }));
      }
    }
  }
  const bottom = TOP + rows * CELL.height + 24;
  parts.push(
    ...lines(20, bottom, [
      "a·b: the products of the two rows count for kernel rows a and b. One colour is one segment, summed together",
      "and added to the totals of every pair it names. Inside the image: 24 products a pixel, not 45.",
    ]),
  );
  return svg(LEFT + 3 * 2 * CELL.width + 2 * GAP + 20, bottom + 34, "Segments of rows behind depthwise moments", parts);
}
