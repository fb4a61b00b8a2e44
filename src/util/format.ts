/**
 * Numbers as people read them, in one style everywhere: units at the end, three figures, no locale.
 */

/** 5293272 -> "5.29 M"; whole numbers below 10,000 are printed as they are. */
export function formatCount(value: number): string {
  if (value < 10_000) return Number.isInteger(value) ? String(value) : value.toPrecision(3);
  for (const [size, unit] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
  ] as const)
    if (value >= size * 0.9995) return `${significant(value / size)} ${unit}`;
  return `${significant(value / 1e3)} k`;
}

/** 2078504 -> "2,078,504". */
export function formatInteger(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Bytes in binary units: 8388608 -> "8.00 MiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  let value = bytes;
  for (; value >= 1000 && at < units.length - 1; at++) value /= 1024;
  return at === 0 ? `${value} B` : `${significant(value)} ${units[at]}`;
}

/** A length of time: "0:07", "1:12", "3:05:40", "2 d 3 h". */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return "-:--";
  const seconds = Math.round(Math.max(0, milliseconds) / 1000);
  const hours = Math.floor(seconds / 3600);
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  const minutes = Math.floor(seconds / 60) % 60;
  const tail = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** 31.24 -> "31.2 %". */
export function formatPercent(percent: number): string {
  return `${percent.toFixed(1)} %`;
}

const FIVE = 5;

/** Whether top-5 of so many classes says anything: of five or fewer it is 100 %. Records keep it all the same. */
export const isTop5Telling = (numClasses: number): boolean => numClasses > FIVE;

/** A learning rate: 0.1 -> "0.1", 0.0482341 -> "0.0482", 1e-6 -> "1e-6". */
export function formatRate(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(2).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(3)));
}

/** A loss: four figures where there is room. */
export function formatLoss(loss: number): string {
  if (!Number.isFinite(loss)) return String(loss);
  return Math.abs(loss) >= 100 ? loss.toPrecision(4) : loss.toFixed(3);
}

/** Speed: whole numbers from 10 up. */
export function formatSpeed(perSecond: number): string {
  return perSecond >= 10 ? formatInteger(perSecond) : perSecond.toPrecision(2);
}

/** Rows as columns of equal width; a column of numbers is pushed to the right. Cells hold no control characters. */
export function formatTable(rows: readonly (readonly string[])[], rightAligned: readonly boolean[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  return rows.map((row) =>
    row
      .map((cell, i) => (rightAligned[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
}

const SPARKS = "▁▂▃▄▅▆▇█";

/** A curve in one line of text, `width` cells at most, each the mean of its share of the values. */
export function sparkline(values: readonly number[], width = 40): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return "";
  const cells = Math.min(width, finite.length);
  const means = Array.from({ length: cells }, (_, i) => {
    const part = finite.slice(Math.floor((i * finite.length) / cells), Math.floor(((i + 1) * finite.length) / cells));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const low = Math.min(...means);
  const range = Math.max(...means) - low;
  return means.map((mean) => SPARKS[range > 0 ? Math.round(((mean - low) / range) * (SPARKS.length - 1)) : 0]).join("");
}

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
