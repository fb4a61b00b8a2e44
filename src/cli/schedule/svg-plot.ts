/**
 * Curves over epochs as an SVG file: panels above each other that share the x axis. A few lines of text, no library; not a
 * general chart.
 */
import { inMarkup } from "../../util/escape.js";
import { formatRate } from "../../util/format.js";

export interface Curve {
  readonly label: string;
  readonly color: string;
  /** One value per epoch. */
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** A value that holds for a whole epoch and then jumps. */
  readonly isStepped?: boolean;
}

const WIDTH = 760;
const PANEL_HEIGHT = 190;
const margin = { left: 70, right: 20, top: 34, bottom: 34 };
const plotWidth = WIDTH - margin.left - margin.right;
const plotHeight = PANEL_HEIGHT - margin.top - margin.bottom;
const X_TICKS = 6;
const Y_TICKS = 3;

const number = (value: number): string => String(Number(value.toFixed(2)));

/** The file's text; every curve has one value per epoch. */
export function svgPlot(title: string, panels: readonly Panel[]): string {
  const height = panels.length * PANEL_HEIGHT + 40;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${inMarkup(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="${margin.left}" y="24" font-size="15" font-weight="bold">${inMarkup(title)}</text>`,
    ...panels.map((panel, i) => `<g transform="translate(0 ${36 + i * PANEL_HEIGHT})">${panelOf(panel)}</g>`),
    "</svg>",
    "",
  ].join("\n");
}

function panelOf({ title, curves, isStepped = false }: Panel): string {
  const epochs = Math.max(...curves.map(({ values }) => values.length));
  const values = curves.flatMap((curve) => curve.values);
  const high = Math.max(...values);
  const low = isStepped ? 0 : Math.min(0, ...values);
  const range = high > low ? high - low : 1;
  const x = (epoch: number): string => number(margin.left + (epoch / epochs) * plotWidth);
  const y = (value: number): string => number(margin.top + (1 - (value - low) / range) * plotHeight);
  const lines = curves.map((curve) => {
    const points = curve.values.flatMap((value, epoch) => [
      `${x(epoch)},${y(value)}`,
      ...(isStepped ? [`${x(epoch + 1)},${y(value)}`] : []),
    ]);
    return `<polyline fill="none" stroke="${curve.color}" stroke-width="1.8" points="${points.join(" ")}"/>`;
  });
  return [
    `<text x="${margin.left}" y="${margin.top - 10}" font-weight="bold">${inMarkup(title)}</text>`,
    ...legend(curves),
    ...(isStepped ? [...new Set([low, ...values])] : ticks(Y_TICKS).map((share) => low + share * range)).map(
      (value) => {
        const at = y(value);
        return `<path d="M${margin.left} ${at}H${WIDTH - margin.right}" stroke="#ddd"/><text x="${margin.left - 8}" y="${at}" dy="4" text-anchor="end">${formatRate(value)}</text>`;
      },
    ),
    ...ticks(X_TICKS).map((share) => {
      const epoch = Math.round(share * epochs);
      return `<text x="${x(epoch)}" y="${PANEL_HEIGHT - margin.bottom + 18}" text-anchor="middle">${epoch}</text>`;
    }),
    ...lines,
  ].join("");
}

const ticks = (count: number): number[] => Array.from({ length: count + 1 }, (_, i) => i / count);

/** Names of the curves in their colours, from the right; one curve needs none. */
function legend(curves: readonly Curve[]): string[] {
  if (curves.length < 2) return [];
  const room = 150;
  return curves.map(({ label, color }, i) => {
    const x = WIDTH - margin.right - room * (curves.length - 1 - i);
    return `<text x="${x}" y="${margin.top - 10}" text-anchor="end" fill="${color}">${inMarkup(label)}</text>`;
  });
}
