/** Which charts there are of runs: what each draws, and what is said beside it. */
import type { Source } from "./numbers.js";

export interface ChartKind {
  readonly title: string;
  /** "" without one. */
  readonly unit: string;
  readonly source: Source;
  /** Steps are noisy; validations are few, and drawn with their points. */
  readonly isSmoothed: boolean;
}

export const chartKinds: readonly ChartKind[] = [
  { title: "Training loss", unit: "", source: { column: "loss" }, isSmoothed: true },
  { title: "Top-1", unit: "%", source: { figure: "top1" }, isSmoothed: false },
  { title: "Validation loss", unit: "", source: { figure: "loss" }, isSmoothed: false },
  { title: "Learning rate", unit: "", source: { column: "lr" }, isSmoothed: false },
  { title: "Speed", unit: "pictures a second", source: { column: "imagesPerSecond" }, isSmoothed: true },
  { title: "Top-5", unit: "%", source: { figure: "top5" }, isSmoothed: false },
  { title: "Weight decay", unit: "", source: { column: "weightDecay" }, isSmoothed: false },
  { title: "Wait for pictures", unit: "share of the time", source: { column: "dataWait" }, isSmoothed: true },
];
