/** A chart's curves as uPlot draws them: one grid for all runs, and options in the theme's colours. */
import type uPlot from "uplot";
import type { RunCurves, RunEntry } from "../../src/studio-server/run-entry.js";
import type { ChartKind } from "./charts.js";
import { shownNumber } from "./names.js";
import { type Axis, axes, type Curve, curveOf, gridOf, onGrid, type Stretch, smoothed, stretchOf } from "./numbers.js";

/** Of a chart; a screen tells no more of them apart. */
const CELLS = 400;
/** Cells of all runs of a chart together, at least LEAST_CELLS each: a canvas without a GPU strokes a million pieces in a second. */
const ALL_CELLS = 40_000;
const LEAST_CELLS = 100;
/** Of more runs the curves alone are drawn, without the values that they smooth. */
const MOST_WITH_RAW = 6;

/** How the runs of a screen are looked at. */
export interface View {
  readonly axis: Axis;
  readonly smoothing: number;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
  /** Null: everything. */
  readonly zoom: Stretch | null;
}

/** A run that has the chart's curve; the numbers are as they were logged. */
export interface RunCurve {
  readonly entry: RunEntry;
  readonly curve: Curve;
}

/** Curves of the runs that have one, in the order of the runs. */
export const runCurvesOf = (
  runs: readonly RunEntry[],
  curves: ReadonlyMap<string, RunCurves>,
  { source }: ChartKind,
  axis: Axis,
): readonly RunCurve[] =>
  runs.flatMap((entry) => {
    const known = curves.get(entry.id);
    const curve = known ? curveOf(known, source, axis) : null;
    return curve === null ? [] : [{ entry, curve }];
  });

export interface Drawing {
  readonly data: uPlot.AlignedData;
  /** By the series after x; a run with its raw values has two, the first of which is raw. */
  readonly series: readonly { readonly id: string; readonly isRaw: boolean }[];
}

/** What is drawn: means in the cells of one grid, so that runs of all lengths stand over each other. */
export function drawingOf(drawn: readonly RunCurve[], { isSmoothed }: ChartKind, view: View): Drawing {
  const { isLogX, isLogY, smoothing, zoom } = view;
  const stretch =
    zoom ??
    stretchOf(
      drawn.map(({ curve }) => curve),
      isLogX,
    );
  if (stretch === null) return { data: [[]], series: [] };
  const isSmooth = isSmoothed && smoothing > 0;
  const hasRaw = isSmooth && drawn.length <= MOST_WITH_RAW;
  const count = Math.round(Math.min(CELLS, Math.max(LEAST_CELLS, ALL_CELLS / drawn.length)));
  const series = drawn.flatMap(({ entry, curve }) => {
    const cells = (one: Curve) => onGrid(one, stretch, count, isLogX, isLogY);
    const line = {
      id: entry.id,
      isRaw: false,
      y: cells(isSmooth ? { x: curve.x, y: smoothed(curve.y, smoothing) } : curve),
    };
    return hasRaw ? [{ id: entry.id, isRaw: true, y: cells(curve) }, line] : [line];
  });
  return {
    data: [[...gridOf(stretch, count, isLogX)], ...series.map(({ y }) => y)],
    series: series.map(({ id, isRaw }) => ({ id, isRaw })),
  };
}

/** A curve's line. */
export interface Look {
  readonly colour: string;
  readonly dash: readonly number[];
}

/** Colours of a theme as the canvas takes them. */
export interface Paints {
  readonly soft: string;
  readonly line: string;
}

const LOGARITHMIC = 3;
const RAW_ALPHA = 0.3;
/** Of what is not pointed at; of more runs nothing is dimmed, as every move of the pointer would draw them all. */
const DIMMED_ALPHA = 0.15;
const MOST_DIMMED = 30;
/** Pixels around the pointer within which a curve is meant. */
const NEAR = 24;

export interface OptionParts {
  readonly width: number;
  readonly height: number;
  readonly view: View;
  readonly drawing: Drawing;
  readonly looks: ReadonlyMap<string, Look>;
  readonly hasPoints: boolean;
  readonly paints: Paints;
  /** A stretch was drawn by the pointer. */
  readonly onZoom: (stretch: Stretch) => void;
  /** The pointer is near a curve at a place of the grid; null: near none. */
  readonly onPoint: (series: number | null, place: number | null) => void;
}

export function optionsOf(parts: OptionParts): uPlot.Options {
  const { width, height, view, drawing, looks, hasPoints, paints, onZoom, onPoint } = parts;
  const axis: uPlot.Axis = {
    stroke: paints.soft,
    grid: { stroke: paints.line, width: 1 },
    ticks: { stroke: paints.line, width: 1, size: 4 },
    font: "12px ui-sans-serif, system-ui, sans-serif",
  };
  // of a logarithmic axis uPlot gives null for ticks without a label
  const values = (_: uPlot, at: (number | null)[]): string[] => at.map((one) => (one === null ? "" : shownNumber(one)));
  let focused: number | null = null;
  return {
    width,
    height,
    legend: { show: false },
    focus: { alpha: drawing.series.length <= MOST_DIMMED ? DIMMED_ALPHA : 1 },
    cursor: { drag: { x: true, y: false, setScale: false }, focus: { prox: NEAR }, points: { show: false } },
    scales: {
      x: { time: false, ...(view.isLogX && { distr: LOGARITHMIC }) },
      y: view.isLogY ? { distr: LOGARITHMIC } : {},
    },
    axes: [
      { ...axis, size: 26, space: 64, values },
      { ...axis, size: 62, space: 32, values },
    ],
    series: [
      { label: axes[view.axis].label },
      ...drawing.series.map(({ id, isRaw }): uPlot.Series => {
        const { colour, dash } = looks.get(id)!;
        return {
          label: id,
          stroke: colour,
          width: isRaw ? 1 : 1.75,
          dash: isRaw ? [] : [...dash],
          alpha: isRaw ? RAW_ALPHA : 1,
          points: { show: hasPoints, size: 5, fill: colour },
          spanGaps: true,
        };
      }),
    ],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < 2) return;
          onZoom([plot.posToVal(left, "x"), plot.posToVal(left + wide, "x")]);
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setSeries: [
        (_, n) => {
          focused = n;
        },
      ],
      setCursor: [(plot) => onPoint(focused === null || focused < 1 ? null : focused - 1, plot.cursor.idx ?? null)],
    },
  };
}
