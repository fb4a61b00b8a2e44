/** The figures of classes as a table for people, those that fare worst first. */
import type { ClassificationReport, Shares } from "../../train/metrics/classification-report.js";
import { type ConfusionMatrix, mostFrequentConfusions } from "../../train/metrics/confusion-matrix.js";
import { formatInteger, formatPercent, formatTable } from "../../util/format.js";
import { printable } from "../../util/printable.js";

/** Most classes that are shown. */
const MOST_ROWS = 20;
const MOST_CONFUSIONS = 5;
const NAME_WIDTH = 40;

const shown = (name: string): string => {
  const letters = [...printable(name)];
  return letters.length <= NAME_WIDTH ? letters.join("") : `${letters.slice(0, NAME_WIDTH - 1).join("")}…`;
};

const cells = ({ precision, recall, f1 }: Shares): string[] =>
  [precision, recall, f1].map((share) => formatPercent(100 * share));

/** Precision, recall, F1 and support by class, by F1 and then in order, and the averages; of many classes the first twenty. */
export function classTable(report: ClassificationReport, names: readonly string[]): string[] {
  const sorted = [...report.classes].sort((a, b) => a.f1 - b.f1 || a.index - b.index);
  const kept = sorted.slice(0, MOST_ROWS);
  const count = formatInteger(report.support);
  const rows = [
    ["class, lowest F1 first", "precision", "recall", "F1", "images"],
    ...kept.map((one) => [shown(names[one.index]!), ...cells(one), formatInteger(one.support)]),
    ["macro (mean of classes)", ...cells(report.macro), count],
    ["micro (all images)", ...cells(report.micro), count],
    ["weighted by images", ...cells(report.weighted), count],
  ];
  const lines = formatTable(rows, [false, true, true, true, true]);
  const left = sorted.length - kept.length;
  if (left > 0) lines.splice(1 + kept.length, 0, `… and ${formatInteger(left)} more classes: --out DIR writes all`);
  return lines;
}

/** What is mistaken most, in one line; empty without mistakes. */
export function confusionsLine(confusion: ConfusionMatrix, names: readonly string[]): string {
  const worst = mostFrequentConfusions(confusion, MOST_CONFUSIONS);
  if (worst.length === 0) return "";
  const said = worst.map(
    ({ label, predicted, count }) => `${shown(names[label]!)} for ${shown(names[predicted]!)} ${formatInteger(count)}×`,
  );
  return `mistaken most: ${said.join(", ")}`;
}
