/** Curves by uPlot, as wide as their place, in the theme's colours; a table with the same numbers stands behind them. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { theme } from "../shell/theme.js";

/** A line over the common x. */
export interface Line {
  readonly label: string;
  /** A colour of tokens.css. */
  readonly colour: "train" | "val" | "raw" | "soft";
  readonly look: "line" | "faint" | "points";
  /** null: a gap. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly xLabel: string;
  readonly x: readonly number[];
  readonly lines: readonly Line[];
  readonly height: number;
  readonly digits: number;
  /** Bounds of the y axis; left out: what the values need. */
  readonly range?: readonly [number, number];
}

/** Most rows of the table behind a curve; of more, evenly chosen ones and the last. */
const MOST_ROWS = 200;

/** A canvas takes no `light-dark()`: the colour as the page computes it. */
function computedColour(place: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const faded = (colour: string): string => colour.replace("rgb(", "rgba(").replace(")", ", 0.4)");

function optionsOf(place: HTMLElement, { xLabel, lines, height, digits, range }: ChartProps): uPlot.Options {
  const colour = (name: string): string => computedColour(place, name);
  const axis: uPlot.Axis = {
    stroke: colour("soft"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { stroke: colour("line"), width: 1, size: 4 },
    font: "12px ui-sans-serif, system-ui, sans-serif",
  };
  const shown = (value: number | null): string => (value === null ? "–" : value.toFixed(digits));
  return {
    width: Math.max(120, place.clientWidth),
    height,
    cursor: { drag: { x: true, y: false }, points: { size: 6 } },
    legend: { live: true },
    scales: { x: { time: false }, y: range ? { range: [range[0], range[1]] } : {} },
    axes: [
      { ...axis, size: 26, space: 60, values: (_, at) => at.map((x) => (Number.isInteger(x) ? String(x) : "")) },
      { ...axis, size: 40, space: 32 },
    ],
    series: [
      { label: xLabel, value: (_, x: number | null) => (x === null ? "–" : String(Number(x.toFixed(2)))) },
      ...lines.map(({ label, colour: name, look }) => ({
        label,
        stroke: look === "faint" ? faded(colour(name)) : colour(name),
        width: look === "faint" ? 1 : 2,
        points: { show: look === "points", size: 6, fill: colour(name) },
        spanGaps: true,
        value: (_: uPlot, value: number | null) => shown(value),
      })),
    ],
  };
}

const dataOf = ({ x, lines }: ChartProps): uPlot.AlignedData => [[...x], ...lines.map(({ values }) => [...values])];

/** The numbers of a chart as rows; lines that are faint are left out, as the page's text is of epochs. */
function Rows({ xLabel, x, lines, digits, title }: ChartProps) {
  const isOpen = useSignal(false);
  const shownLines = lines.filter(({ look }) => look !== "faint");
  const places = x.map((_, i) => i).filter((i) => shownLines.some(({ values }) => values[i] != null));
  const every = Math.max(1, Math.ceil(places.length / MOST_ROWS));
  const chosen = places.filter((_, i) => i % every === 0 || i === places.length - 1);
  return (
    <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
      <summary>{title} as a table</summary>
      {isOpen.value && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section class="wide" style="max-height: 240px" aria-label={`${title}, table`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{xLabel}</th>
                {shownLines.map(({ label }) => (
                  <th scope="col" class="n" key={label}>
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {chosen.map((i) => (
                <tr key={i}>
                  <th scope="row">{x[i]}</th>
                  {shownLines.map(({ label, values }) => (
                    <td class="n" key={label}>
                      {values[i]?.toFixed(digits) ?? "–"}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}

/** One sentence of a chart for who does not see it. */
function summary({ title, unit, x, lines, digits }: ChartProps): string {
  const ends = lines
    .filter(({ look }) => look !== "faint")
    .flatMap(({ label, values }) => {
      const known = values.filter((value) => value !== null);
      if (known.length === 0) return [];
      return `${label} from ${known[0]!.toFixed(digits)} to ${known.at(-1)!.toFixed(digits)}${unit && ` ${unit}`}`;
    });
  return `${title}: ${ends.length === 0 ? "no values yet" : ends.join(", ")}, ${x.length} points`;
}

export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  // a change of the system's theme draws what is shown now, not what was when the plot was made
  const latest = useRef(props);
  latest.current = props;
  // another set of lines or another theme is another plot
  const look = useComputed(() => theme.value);
  const key = `${look.value} ${props.lines.map(({ label }) => label).join("|")} ${props.height}`;
  useEffect(() => {
    const target = place.current!;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(target, latest.current), dataOf(latest.current), target);
    };
    draw();
    const resized = new ResizeObserver(() => {
      plot.current?.setSize({ width: Math.max(120, target.clientWidth), height: props.height });
    });
    resized.observe(target);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [key]);
  useEffect(() => plot.current?.setData(dataOf(props)), [props.x, props.lines]);
  return (
    <figure class="chart">
      <figcaption>
        <strong>{props.title}</strong> <span class="soft">{props.unit}</span>
      </figcaption>
      <div ref={place} role="img" aria-label={summary(props)} style={`min-height: ${props.height}px`} />
      <Rows {...props} />
    </figure>
  );
}
