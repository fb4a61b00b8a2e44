/**
 * What the page does: draws its curves and sorts its tables. The function goes into the page as the text that the compiler makes of
 * it, so it may use nothing from outside of itself.
 */

/** A line of a plot; `x` and `y` in steps and in the plot's unit. */
export interface PlotLine {
  readonly label: string;
  /** A colour of the page's style. */
  readonly color: "train" | "val" | "raw";
  readonly look: "line" | "faint" | "points" | "dashed";
  readonly x: readonly number[];
  /** null: a gap. */
  readonly y: readonly (number | null)[];
}

/** A plot and the id of the element that it is drawn into. */
export interface Plot {
  readonly id: string;
  /** Digits after the point in the legend; null: three significant ones. */
  readonly digits: number | null;
  /** Of the y axis: what its values need, within 0 to 100, or on an axis of powers of ten. */
  readonly range: "own" | "percent" | "powers";
  readonly lines: readonly PlotLine[];
}

export interface PageData {
  readonly plots: readonly Plot[];
}

/** The part of uPlot that is used, which stands before it in the page. */
interface UPlot {
  setSize(size: { readonly width: number; readonly height: number }): void;
  setScale(name: string, range: { readonly min: number; readonly max: number }): void;
  destroy(): void;
}
declare const uPlot: {
  new (options: object, data: unknown, target: Element): UPlot;
  join(tables: readonly unknown[]): unknown;
  sync(key: string): unknown;
};

/** Runs in the page. */
export function startPage(): void {
  const data = JSON.parse(document.getElementById("plots")!.textContent!) as PageData;
  const height = 200;
  const colour = (name: string): string =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const shown = (digits: number | null) => (value: number | null | undefined) => {
    if (value === null || value === undefined) return "–";
    return digits === null ? String(Number(value.toPrecision(3))) : value.toFixed(digits);
  };
  const brief = (value: number | null): string => {
    if (value === null) return "";
    const rounded = Number(value.toPrecision(3));
    return Math.abs(rounded) >= 1e5 ? rounded.toExponential().replace("e+", "e") : String(rounded);
  };
  const xs = data.plots.flatMap(({ lines }) => lines.flatMap(({ x }) => x));
  const first = xs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = xs.reduce((a, b) => Math.max(a, b), 0);
  let plots: UPlot[] = [];

  // some whole powers of ten, where uPlot would rule nine lines for each
  const powers = (_: unknown, __: number, min: number, max: number): number[] => {
    const [low, high] = [Math.ceil(Math.log10(min)), Math.floor(Math.log10(max))];
    const every = Math.max(1, Math.ceil((high - low) / 5));
    return Array.from({ length: Math.floor((high - low) / every) + 1 }, (___, i) => 10 ** (low + i * every));
  };

  const within = (_: unknown, min: number, max: number): [number, number] => {
    const room = Math.max(1, (max - min) / 10);
    return [Math.max(0, min - room), Math.min(100, max + room)];
  };
  const scales = { own: {}, percent: { range: within }, powers: { distr: 3 } };

  const optionsOf = ({ digits, range, lines }: Plot, width: number): object => {
    const axis = {
      stroke: colour("soft"),
      grid: { stroke: colour("line"), width: 1 },
      ticks: { stroke: colour("line"), width: 1, size: 4 },
      font: "12px ui-sans-serif,system-ui,sans-serif",
    };
    return {
      width,
      height,
      cursor: { sync: { key: "run" }, drag: { x: true, y: false }, points: { size: 6 } },
      legend: { live: true },
      scales: { x: { time: false }, y: scales[range] },
      axes: [
        {
          ...axis,
          space: 70,
          size: 32,
          values: (_: unknown, splits: number[]) => splits.map((at) => at.toLocaleString("en-US")),
        },
        {
          ...axis,
          size: 56,
          ...(range === "powers" ? { splits: powers, filter: (__: unknown, splits: number[]) => splits } : {}),
          values: (_: unknown, splits: (number | null)[]) => splits.map(brief),
        },
      ],
      series: [
        {
          label: "step",
          value: (_: unknown, step: number | null) => (step === null ? "–" : step.toLocaleString("en-US")),
        },
        ...lines.map(({ label, color, look }) => ({
          label,
          stroke: look === "faint" ? `${colour(color)}55` : colour(color),
          width: look === "faint" ? 1 : 2,
          dash: look === "dashed" ? [6, 4] : [],
          points: { show: look === "points" || look === "dashed", size: 6, fill: colour(color) },
          spanGaps: true,
          value: (_: unknown, value: number | null) => shown(digits)(value),
        })),
      ],
    };
  };

  const draw = (): void => {
    for (const plot of plots) plot.destroy();
    plots = data.plots.flatMap((plot) => {
      const place = document.getElementById(plot.id);
      if (!place) return [];
      place.textContent = "";
      // both ends of the run stand in every table, so that all plots show the same stretch
      const table = uPlot.join([...plot.lines.map(({ x, y }) => [x, y]), [[first, last]]]);
      return [new uPlot(optionsOf(plot, place.clientWidth), table, place)];
    });
  };
  const fit = (): void => {
    data.plots.forEach(({ id }, i) => {
      const place = document.getElementById(id);
      if (place) plots[i]?.setSize({ width: place.clientWidth, height });
    });
  };
  if (data.plots.length > 0) {
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    addEventListener("resize", fit);
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-share]"))
      button.addEventListener("click", () => {
        const min = last - (last - first) * Number(button.dataset.share);
        // a run of one point has no stretch: uPlot would ask for endlessly many ticks
        if (min < last) for (const plot of plots) plot.setScale("x", { min, max: last });
      });
  }

  const sort = (table: HTMLTableElement, head: HTMLTableCellElement): void => {
    const column = head.cellIndex;
    const body = table.tBodies[0]!;
    const isNumber = head.classList.contains("n");
    const before = head.getAttribute("aria-sort");
    const isDown = before === null ? isNumber : before === "ascending";
    for (const one of head.parentElement!.children) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    const keyOf = (row: HTMLTableRowElement): string =>
      row.cells[column]!.dataset.value ?? row.cells[column]!.textContent!;
    const rows = [...body.rows].map((row) => ({ row, key: keyOf(row) }));
    rows.sort((a, b) => (isNumber ? Number(a.key) - Number(b.key) : a.key.localeCompare(b.key)) * (isDown ? -1 : 1));
    body.append(...rows.map(({ row }) => row));
  };
  for (const button of document.querySelectorAll<HTMLButtonElement>("th button"))
    button.addEventListener("click", () => {
      const head = button.closest("th")!;
      sort(head.closest("table")!, head);
    });
}
