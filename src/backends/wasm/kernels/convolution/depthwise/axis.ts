/**
 * How a window slides along one axis, as numbers known when code is written. One rule serves the forward pass and the
 * input gradient in gather form: output q·period + r reads, for each of its taps, source pixel q·step + offset.
 */
export interface Tap {
  /** Index into the kernel. */
  readonly k: number;
  readonly offset: number;
}

export interface AxisRule {
  readonly period: number;
  readonly step: number;
  /** Taps of outputs with remainder r. */
  readonly taps: readonly (readonly Tap[])[];
}

export interface AxisWindow {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** y[o] reads x[o·stride + k·dilation − padding]. */
export const forwardRule = ({ kernel, stride, padding, dilation }: AxisWindow): AxisRule => ({
  period: 1,
  step: stride,
  taps: [Array.from({ length: kernel }, (_, k) => ({ k, offset: k * dilation - padding }))],
});

/** dx[i] reads dy[(i + padding − k·dilation) / stride] where that is whole. */
export const gradientRule = ({ kernel, stride, padding, dilation }: AxisWindow): AxisRule => ({
  period: stride,
  step: 1,
  taps: Array.from({ length: stride }, (_, r) =>
    Array.from({ length: kernel }, (_, k) => ({ k, offset: (r + padding - k * dilation) / stride })).filter(
      ({ offset }) => Number.isInteger(offset),
    ),
  ),
});

/** Source pixel `column` (relative to the tile's base) feeds output `output` of the tile through tap `k`. */
export interface Use {
  readonly output: number;
  readonly k: number;
}

/** A few adjacent outputs that are computed together. */
export interface Tile {
  readonly outputs: number;
  /** Columns of the source that are read, counted from the first one, ascending. */
  readonly columns: readonly { readonly column: number; readonly uses: readonly Use[] }[];
}

/** Equal tiles side by side: `count` of them, the first at output `output` reading from source pixel `source`. */
export interface TileRun {
  readonly tile: Tile;
  readonly count: number;
  readonly output: number;
  readonly source: number;
  /** Distance between tiles. */
  readonly outputStep: number;
  readonly sourceStep: number;
}

/** Cuts an axis into tiles of about `wanted` outputs; edges, where taps fall outside the source, become tiles of their own. */
export function tileRuns(
  { period, step, taps }: AxisRule,
  outputSize: number,
  sourceSize: number,
  wanted: number,
): TileRun[] {
  const width = period * Math.max(1, Math.floor(wanted / period));
  const runs: (TileRun & { key: string })[] = [];
  for (let output = 0; output < outputSize; output += width) {
    const outputs = Math.min(width, outputSize - output);
    const uses = new Map<number, Use[]>();
    for (let o = 0; o < outputs; o++) {
      const q = Math.floor((output + o) / period);
      for (const { k, offset } of taps[(output + o) % period]!) {
        const source = q * step + offset;
        if (source < 0 || source >= sourceSize) continue;
        uses.set(source, [...(uses.get(source) ?? []), { output: o, k }]);
      }
    }
    const sources = [...uses.keys()].sort((a, b) => a - b);
    const source = sources[0] ?? 0;
    const tile: Tile = { outputs, columns: sources.map((s) => ({ column: s - source, uses: uses.get(s)! })) };
    const key = JSON.stringify(tile);
    const last = runs.at(-1);
    const sourceStep = (width / period) * step;
    if (last?.key === key && source === last.source + last.count * sourceStep)
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ key, tile, count: 1, output, source, outputStep: width, sourceStep });
  }
  return runs;
}

/** Whether some tap of some output lies outside the source. */
export const reachesOutside = ({ period, step, taps }: AxisRule, outputSize: number, sourceSize: number): boolean =>
  Array.from({ length: outputSize }, (_, o) => o).some((o) =>
    taps[o % period]!.some(({ offset }) => {
      const source = Math.floor(o / period) * step + offset;
      return source < 0 || source >= sourceSize;
    }),
  );

/** Channels that a tile function for `lanes` sweeps: all whole vectors, or just the last that fill none. */
export const sweptChannels = (channels: number, lanes: number, vector: number): number =>
  lanes === vector ? channels - (channels % lanes) : lanes;
