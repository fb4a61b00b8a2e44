/** A chart of all drawn runs, with the run under the pointer named beneath, and its numbers as a table behind it. */
import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { theme } from "../ui/shell/theme.js";
import type { ChartKind } from "./charts.js";
import { drawingOf, optionsOf, type Paints, type RunCurve, runCurvesOf, type View } from "./drawing.js";
import { legendOf, shownNumber } from "./names.js";
import { axes, extentOf } from "./numbers.js";
import { axis, curves, differing, drawn, isLogX, isLogY, looks, pointed, short, smoothing, zoom } from "./state.js";

const HEIGHT = 230;
const LEAST_WIDTH = 120;
/** A chart that is further below the screen is drawn when it comes near. */
const NEAR_SCREEN = "100px";

/** A canvas takes no `light-dark()`: colours as the page computes them. */
function paintsOf(place: HTMLElement): Paints {
  const probe = document.createElement("i");
  place.append(probe);
  const of = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const paints = { soft: of("soft"), line: of("line") };
  probe.remove();
  return paints;
}

/** True once the element is on the screen or near it. */
function useNear(place: { readonly current: HTMLElement | null }) {
  const isNear = useSignal(false);
  useEffect(() => {
    const seen = new IntersectionObserver(
      (entries) => {
        isNear.value = entries.at(-1)!.isIntersecting;
      },
      { rootMargin: NEAR_SCREEN },
    );
    seen.observe(place.current!);
    return () => seen.disconnect();
  }, []);
  return isNear;
}

const nameOf = ({ entry }: RunCurve): string => legendOf(entry, differing.value, short.value);

/** The numbers of a chart, run by run. */
function Rows({ kind, shown }: { readonly kind: ChartKind; readonly shown: readonly RunCurve[] }) {
  const isOpen = useSignal(false);
  return (
    <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
      <summary>{kind.title} as a table</summary>
      {isOpen.value && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section class="wide watch-rows" aria-label={`${kind.title}, table`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {["run", axes[axis.value].title, "first", "last", "least", "greatest"].map((name, i) => (
                  <th scope="col" key={name} class={i === 0 ? "" : "n"}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => {
                const { first, last, least, greatest } = extentOf(one.curve);
                return (
                  <tr key={one.entry.id}>
                    <th scope="row">{nameOf(one)}</th>
                    {[one.curve.x.at(-1)!, first, last, least, greatest].map((value, i) => (
                      <td class="n" key={i}>
                        {shownNumber(value)}
                      </td>
                    ))}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}

/** One sentence for who does not see the chart. */
function summary({ title, unit }: ChartKind, shown: readonly RunCurve[]): string {
  if (shown.length === 0) return `${title}: no values`;
  const lasts = shown.map((one) => ({ name: one.entry.id, last: extentOf(one.curve).last }));
  const low = lasts.reduce((a, b) => (b.last < a.last ? b : a));
  const high = lasts.reduce((a, b) => (b.last > a.last ? b : a));
  const end = (one: { readonly name: string; readonly last: number }) =>
    `${shownNumber(one.last)}${unit && ` ${unit}`} (${one.name})`;
  if (shown.length === 1) return `${title}: last ${end(low)}`;
  return `${title} of ${shown.length} runs: last values from ${end(low)} to ${end(high)}`;
}

/** What the pointer is at; apart from the chart, which need not be made anew for it. */
const Read = ({ text }: { readonly text: ReadonlySignal<string> }) => <p class="watch-read">{text}</p>;

export function RunsChart({ kind }: { readonly kind: ChartKind }) {
  const figure = useRef<HTMLElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const read = useSignal("");
  const isNear = useNear(figure);
  const shown = useComputed(() => runCurvesOf(drawn.value, curves.value, kind, axis.value)).value;
  const view: View = {
    axis: axis.value,
    smoothing: kind.isSmoothed ? smoothing.value : 0,
    isLogX: isLogX.value,
    isLogY: isLogY.value,
    zoom: zoom.value,
  };
  const drawing = useMemo(
    () => (isNear.value ? drawingOf(shown, kind, view) : null),
    [isNear.value, shown, view.axis, view.smoothing, view.isLogX, view.isLogY, view.zoom],
  );
  const latest = useRef({ drawing, shown });
  latest.current = { drawing, shown };

  const point = (series: number | null, at: number | null): void => {
    const now = latest.current.drawing;
    const id = series === null ? undefined : now?.series[series]?.id;
    const one = latest.current.shown.find(({ entry }) => entry.id === id);
    pointed.value = one ? one.entry.id : null;
    if (!one || at === null) {
      read.value = "";
      return;
    }
    const value = now!.data[series! + 1]![at] ?? null;
    const x = shownNumber(now!.data[0][at]!);
    read.value = `${nameOf(one)}: ${value === null ? "–" : shownNumber(value)}${kind.unit && ` ${kind.unit}`} at ${axes[axis.value].label} ${x}`;
  };

  // other series, another kind of axis or another theme are another plot; other numbers are not
  const lines = drawing?.series.map(({ id, isRaw }) => `${id}${isRaw ? " raw" : ""}`).join("\n");
  const key = `${theme.value} ${view.axis} ${view.isLogX} ${view.isLogY} ${lines}`;
  useEffect(() => {
    const target = place.current!;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = null;
      const now = latest.current.drawing;
      if (now === null || now.series.length === 0) return;
      const options = optionsOf({
        width: Math.max(LEAST_WIDTH, target.clientWidth),
        height: HEIGHT,
        view,
        drawing: now,
        looks: looks.value,
        hasPoints: "figure" in kind.source && now.series.length <= 30,
        paints: paintsOf(target),
        onZoom: (stretch) => {
          zoom.value = stretch;
        },
        onPoint: point,
      });
      plot.current = new uPlot(options, now.data, target);
    };
    draw();
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: Math.max(LEAST_WIDTH, target.clientWidth), height: HEIGHT }),
    );
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
  useEffect(() => {
    if (drawing && plot.current && plot.current.data !== drawing.data) plot.current.setData(drawing.data);
  }, [drawing]);
  // a run that is pointed at in the list is the one that stands out here
  useSignalEffect(() => {
    const { value: id } = pointed;
    const n = latest.current.drawing?.series.findIndex((one) => one.id === id && !one.isRaw) ?? -1;
    if (plot.current && !isOver(plot.current)) plot.current.setSeries(n < 0 ? null : n + 1, { focus: true }, false);
  });
  const label = useMemo(() => summary(kind, shown), [shown]);

  return (
    <figure class="chart" ref={figure} hidden={shown.length === 0}>
      <figcaption>
        <strong>{kind.title}</strong> <span class="soft">{kind.unit}</span>
      </figcaption>
      <div ref={place} role="img" aria-label={label} style={`min-height: ${HEIGHT}px`} />
      <Read text={read} />
      <Rows kind={kind} shown={shown} />
    </figure>
  );
}

/** Whether the pointer is over a plot, which then knows best what is meant. */
const isOver = ({ over }: uPlot): boolean => over.matches(":hover");
