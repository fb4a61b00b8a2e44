/** The curves of a run: loss, accuracy, learning rate, speed, over the steps. */
import { formatLoss, formatPercent, isTop5Telling } from "../../util/format.js";
import type { RunLog } from "../facts/log.js";
import type { StepColumn, ValidationPoint } from "../facts/log-curves.js";
import type { RunFacts } from "../facts/run-facts.js";
import { type Html, html, type Part } from "../page/html.js";
import type { Plot, PlotLine } from "../page/script.js";
import { foundOr, missingNote, type Section, tableOf } from "./section.js";

/** The mean over neighbours that the eye follows, as a share of the points. */
const SMOOTHING_SHARE = 1 / 40;
/** Losses that differ by more than this are shown by their order of magnitude. */
const LINEAR_RANGE = 100;
/** Figures on the page need no more. */
const SIGNIFICANT = 5;

const rounded = (value: number): number | null =>
  Number.isFinite(value) ? Number(value.toPrecision(SIGNIFICANT)) : null;

function stepLine({ points }: RunLog, column: StepColumn, line: Omit<PlotLine, "x" | "y">): PlotLine {
  return { ...line, x: points.map(({ step }) => step), y: points.map(({ values }) => rounded(values[column])) };
}

/** Means over as many points to the left as to the right. */
function smoothed(line: PlotLine): PlotLine {
  const reach = Math.max(1, Math.round(line.y.length * SMOOTHING_SHARE));
  const y = line.y.map((_, i) => {
    const near = line.y.slice(Math.max(0, i - reach), i + reach + 1).filter((value) => value !== null);
    return near.length === 0 ? null : rounded(near.reduce((sum, value) => sum + value, 0) / near.length);
  });
  return { ...line, y };
}

function validationLine(
  validations: readonly ValidationPoint[],
  figure: string,
  line: Omit<PlotLine, "x" | "y">,
): PlotLine[] {
  const found = validations.filter(({ figures }) => figures[figure] !== undefined);
  if (found.length === 0) return [];
  return [{ ...line, x: found.map(({ step }) => step), y: found.map(({ figures }) => rounded(figures[figure]!)) }];
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly plot: Plot;
}

/** Whether a linear axis would show nothing but the largest value. */
function isWide(lines: readonly PlotLine[]): boolean {
  const values = lines.flatMap(({ y }) => y.filter((value) => value !== null));
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return least > 0 && values.reduce((a, b) => Math.max(a, b), 0) / least > LINEAR_RANGE;
}

/** Those that have something to show. */
function panelsOf(log: RunLog, numClasses: number | null): Panel[] {
  const { validations } = log;
  const hasTop5 = numClasses === null || isTop5Telling(numClasses);
  const loss = stepLine(log, "loss", { label: "train", color: "train", look: "faint" });
  const speed = stepLine(log, "imagesPerSecond", { label: "images/s", color: "train", look: "faint" });
  const losses = [
    loss,
    { ...smoothed(loss), label: "train, smoothed", look: "line" as const },
    ...validationLine(validations, "loss", { label: "val", color: "val", look: "points" }),
    ...validationLine(validations, "rawLoss", { label: "val, raw weights", color: "raw", look: "dashed" }),
  ];
  const panels: Panel[] = [
    {
      title: "Loss",
      unit: "nats",
      plot: {
        id: "plot-loss",
        digits: 3,
        range: isWide(losses) ? "powers" : "own",
        lines: losses,
      },
    },
    {
      title: "Validation accuracy",
      unit: "%",
      plot: {
        id: "plot-accuracy",
        digits: 1,
        range: "percent",
        lines: [
          ...validationLine(validations, "top1", { label: "top-1", color: "val", look: "points" }),
          ...(hasTop5 ? validationLine(validations, "top5", { label: "top-5", color: "train", look: "points" }) : []),
          ...validationLine(validations, "rawTop1", { label: "top-1, raw weights", color: "raw", look: "dashed" }),
        ],
      },
    },
    {
      title: "Learning rate",
      unit: "",
      plot: {
        id: "plot-rate",
        digits: null,
        range: "own",
        lines: [stepLine(log, "lr", { label: "lr", color: "train", look: "line" })],
      },
    },
    {
      title: "Speed",
      unit: "images a second",
      plot: {
        id: "plot-speed",
        digits: 0,
        range: "own",
        lines: [speed, { ...smoothed(speed), label: "smoothed", look: "line" }],
      },
    },
  ];
  return panels.filter(({ plot }) => plot.lines.some(({ y }) => y.some((value) => value !== null)));
}

/** The plots, for the page's script. */
export function plotsOf({ log, checkpoint }: RunFacts): Plot[] {
  if (!("value" in log)) return [];
  return panelsOf(log.value, checkpoint?.numClasses ?? null).map(({ plot }) => plot);
}

/** The validations in words, for who reads no curves. */
function validationTable(validations: readonly ValidationPoint[]): Part {
  if (validations.length === 0)
    return missingNote("No validation: the run was told to leave it out, or ended before the first one.");
  const names = [...new Set(validations.flatMap(({ figures }) => Object.keys(figures)))];
  const shown = (name: string, value: number | undefined): string => {
    if (value === undefined) return "–";
    return /top\d$/i.test(name) ? formatPercent(value) : formatLoss(value);
  };
  const table = tableOf(
    [{ title: "epoch" }, { title: "step", isNumber: true }, ...names.map((title) => ({ title, isNumber: true }))],
    validations.map(({ step, epoch, figures }) => ({
      cells: [epoch, step, ...names.map((name) => shown(name, figures[name]))],
    })),
  );
  return html`<details><summary>${validations.length === 1 ? "The validation" : `${validations.length} validations`} as a table</summary><div class="wide scroll" tabindex="0" role="group" aria-label="Validations">${table}</div></details>`;
}

function figureOf({ title, unit, plot }: Panel): Html {
  const words = plot.lines
    .filter(({ look }) => look !== "faint")
    .map(({ label, y }) => {
      const known = y.filter((value) => value !== null);
      return `${label} from ${known[0] ?? "nothing"} to ${known.at(-1) ?? "nothing"}`;
    })
    .join("; ");
  return html`<figure><figcaption>${title}${unit !== "" && html` <span>${unit}</span>`}</figcaption>
<div class="plot" id="${plot.id}" role="img" aria-label="${title}: ${words}"></div></figure>`;
}

const shares = [
  [1, "whole run"],
  [1 / 2, "last half"],
  [1 / 10, "last tenth"],
] as const;

export function curvesSection({ log, checkpoint }: RunFacts): Section {
  const body = foundOr(log, (value) => {
    if (value.steps === 0) return missingNote("log.jsonl holds no step yet.");
    return html`<p class="soft">Drag over a stretch to look closer; a double click shows everything again.</p>
<div class="zoom" role="group" aria-label="Stretch of the run that is shown">${shares.map(([share, words]) => html`<button type="button" data-share="${share}">${words}</button>`)}</div>
<div class="plots">${panelsOf(value, checkpoint?.numClasses ?? null).map(figureOf)}</div>
${validationTable(value.validations)}`;
  });
  return { id: "curves", title: "Curves", body };
}
