/**
 * The weights of a resize along one axis: which neighbours each output sums, and how much of each. Coordinates and filters
 * are those of PyTorch's interpolate and of ONNX's Resize; a filter is Keys' cubic (1981) or the triangle, stretched over the
 * input where it antialiases. Knows no tensors.
 */

type CoordinateRule = (o: number, s: number, from: number, to: number, outputs: number) => number;

/** Where the middle of output o lies in the input: s input pixels per output pixel, `to` outputs, a fraction where a scale says so. */
const coordinateRules = {
  halfPixel: (o, s) => (o + 0.5) * s - 0.5,
  pytorchHalfPixel: (o, s, _, to) => (to > 1 ? (o + 0.5) * s - 0.5 : 0),
  halfPixelSymmetric: (o, s, from, _, outputs) => from / 2 - (outputs * s) / 2 + (o + 0.5) * s - 0.5,
  alignCorners: (o, _, from, to) => (to > 1 ? (o * (from - 1)) / (to - 1) : 0),
  asymmetric: (o, s) => o * s,
  tfHalfPixelForNn: (o, s) => (o + 0.5) * s,
} as const satisfies Readonly<Record<string, CoordinateRule>>;

/** Which of two neighbours is the nearest one. */
const nearestRules = {
  floor: Math.floor,
  ceil: Math.ceil,
  roundPreferFloor: (c: number) => Math.ceil(c - 0.5),
  roundPreferCeil: (c: number) => Math.floor(c + 0.5),
} as const satisfies Readonly<Record<string, (coordinate: number) => number>>;

/** Where an output lies in the input: ONNX Resize's coordinate_transformation_mode. */
export type CoordinateMode = keyof typeof coordinateRules;
/** Which neighbour is the nearest one: ONNX Resize's nearest_mode. */
export type NearestMode = keyof typeof nearestRules;

/** How one axis is resized; the words are ONNX's Resize's, in camelCase. */
export interface ResampleOptions {
  /** Default "linear". */
  readonly mode?: "nearest" | "linear" | "cubic" | "area";
  /** Default "halfPixel". "area" has none. */
  readonly coordinates?: CoordinateMode;
  /** Of "nearest". Default "roundPreferFloor". */
  readonly nearest?: NearestMode;
  /** Output pixels per input pixel, where it is not the ratio of the sizes. */
  readonly scale?: number | undefined;
  /** Keys' parameter of "cubic". Default −0.75. */
  readonly cubicCoeff?: number;
  /** Whether a filter is stretched to cover all input pixels on the way to fewer. Default false. */
  readonly antialias?: boolean;
  /** Whether neighbours outside are left out and the others weigh more; else the edge stands for them. Default false. */
  readonly excludeOutside?: boolean;
  /** PyTorch's nearest neighbours, whose coordinates are float32. Default false. */
  readonly isSingle?: boolean;
}

/** The neighbours of one output: `weights` of those from `first` on. */
interface Row {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Rows as arrays: first and count of each, and its weights, of which `taps` are stored. */
export interface ResizeTable {
  readonly starts: Int32Array;
  readonly weights: Float64Array;
  readonly taps: number;
}

const triangle = (t: number): number => Math.max(0, 1 - Math.abs(t));

const cubic =
  (a: number) =>
  (t: number): number => {
    const d = Math.abs(t);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    return 0;
  };

/** Weights by position as a row, without the zeros at its ends. */
function rowOf(found: ReadonlyMap<number, number>): Row {
  const used = [...found].flatMap(([at, weight]) => (weight === 0 ? [] : [at]));
  if (used.length === 0) return { first: 0, weights: [] };
  const first = Math.min(...used);
  const count = Math.max(...used) - first + 1;
  return { first, weights: Array.from({ length: count }, (_, i) => found.get(first + i) ?? 0) };
}

/** Input pixels per output pixel. */
const stepOf = (from: number, to: number, { scale }: ResampleOptions): number =>
  scale === undefined ? from / to : 1 / scale;

const coordinate = (o: number, from: number, to: number, options: ResampleOptions): number =>
  coordinateRules[options.coordinates ?? "halfPixel"](
    o,
    stepOf(from, to, options),
    from,
    options.scale === undefined ? to : from * options.scale,
    to,
  );

function nearestRow(o: number, from: number, to: number, options: ResampleOptions): Row {
  const { coordinates = "halfPixel", nearest = "roundPreferFloor", isSingle = false } = options;
  const at = isSingle
    ? Math.floor(
        Math.fround(Math.fround(coordinates === "halfPixel" ? o + 0.5 : o) * Math.fround(stepOf(from, to, options))),
      )
    : nearestRules[nearest](coordinate(o, from, to, options));
  return { first: Math.min(Math.max(at, 0), from - 1), weights: [1] };
}

/** The mean over all pixels that the output's share of the input touches (adaptive average pooling). */
function areaRow(o: number, from: number, to: number): Row {
  const first = Math.floor((o * from) / to);
  const count = Math.ceil(((o + 1) * from) / to) - first;
  return { first, weights: new Array<number>(count).fill(1 / count) };
}

function filteredRow(o: number, from: number, to: number, options: ResampleOptions): Row {
  const { mode, cubicCoeff = -0.75, antialias = false, excludeOutside = false } = options;
  const [filter, support] = mode === "cubic" ? [cubic(cubicCoeff), 2] : [triangle, 1];
  const stretch = antialias ? Math.max(1, stepOf(from, to, options)) : 1;
  const centre = coordinate(o, from, to, options);
  const found = new Map<number, number>();
  let total = 0;
  for (let j = Math.ceil(centre - support * stretch); j <= Math.floor(centre + support * stretch); j++) {
    const isOutside = j < 0 || j >= from;
    if (isOutside && excludeOutside) continue;
    const at = Math.min(Math.max(j, 0), from - 1);
    const weight = filter((j - centre) / stretch);
    total += weight;
    found.set(at, (found.get(at) ?? 0) + weight);
  }
  // a filter that is whole and not stretched sums to 1
  if (antialias || excludeOutside) for (const [at, weight] of found) found.set(at, weight / total);
  return rowOf(found);
}

function rowsOf(from: number, to: number, options: ResampleOptions): Row[] {
  return Array.from({ length: to }, (_, o) => {
    if (options.mode === "nearest") return nearestRow(o, from, to, options);
    if (options.mode === "area") return areaRow(o, from, to);
    return filteredRow(o, from, to, options);
  });
}

/** Which outputs each input is part of, and how much of each. */
function transposed(rows: readonly Row[], from: number): Row[] {
  const found = Array.from({ length: from }, () => new Map<number, number>());
  rows.forEach(({ first, weights }, o) => {
    weights.forEach((weight, t) => {
      found[first + t]!.set(o, weight);
    });
  });
  return found.map(rowOf);
}

function asTable(rows: readonly Row[]): ResizeTable {
  const taps = Math.max(1, ...rows.map(({ weights }) => weights.length));
  const starts = Int32Array.from(rows.flatMap(({ first, weights }) => [first, weights.length]));
  const all = new Float64Array(rows.length * taps);
  rows.forEach(({ weights }, o) => {
    all.set(weights, o * taps);
  });
  return { starts, weights: all, taps };
}

/** Both directions of a resize. */
export interface ResizeTables {
  readonly forward: ResizeTable;
  readonly back: ResizeTable;
}

/** Tables that are kept: a network resizes between a few sizes, again and again. */
const MAX_KEPT = 64;
const kept = new Map<string, ResizeTables>();

/** The tables of a resize of `from` pixels to `to`, computed once. */
export function resizeTables(from: number, to: number, options: ResampleOptions): ResizeTables {
  const key = JSON.stringify([from, to, options]);
  const known = kept.get(key);
  if (known) return known;
  const rows = rowsOf(from, to, options);
  const made = { forward: asTable(rows), back: asTable(transposed(rows, from)) };
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(key, made);
  return made;
}
