/**
 * A training run in a terminal. On a terminal: one live line with a bar, redrawn ten times a second at most, over
 * finished lines for each epoch. In a pipe: a plain line every ten seconds and at the end of each epoch.
 */
import {
  formatCount,
  formatDuration,
  formatInteger,
  formatLoss,
  formatPercent,
  formatRate,
  formatSpeed,
  isTop5Telling,
  sparkline,
} from "../../util/format.js";
import { type Field, fitFields, progressBar, type Terminal } from "../../util/terminal.js";
import type { EvalProgress, Logger, RunInfo, StepInfo, ValidationInfo } from "./events.js";
import { Progress } from "./progress.js";

const REDRAW_MS = 100;
const BAR_WIDTH = 24;

export interface ConsoleOptions {
  /** Longest silence in a pipe. Default 10 seconds. */
  readonly plainEveryMs?: number;
  readonly now?: () => number;
  /** How paths are written. Default: as they are. */
  readonly showPath?: (path: string) => string;
}

/** Shows a run on `terminal`. */
export class ConsoleLogger implements Logger {
  readonly #terminal: Terminal;
  #progress: Progress | undefined;
  #shownAt = Number.NEGATIVE_INFINITY;
  #epochStartedAt = 0;
  #epochLine: string | undefined;
  readonly #plainEveryMs: number;
  readonly #now: () => number;
  readonly #showPath: (path: string) => string;

  constructor(terminal: Terminal, options: ConsoleOptions = {}) {
    this.#terminal = terminal;
    this.#plainEveryMs = options.plainEveryMs ?? 10_000;
    this.#now = options.now ?? (() => performance.now());
    this.#showPath = options.showPath ?? ((path) => path);
  }

  onStart(run: RunInfo): void {
    this.#progress = new Progress(run);
    this.#epochStartedAt = this.#now();
    const terminal = this.#terminal;
    const params = `train ${formatCount(run.parameters)} -> deploy ${formatCount(run.deployParameters)} params`;
    const { replicas, processes } = run;
    const many =
      replicas > 1 ? `  ${replicas} replicas on ${processes} ${processes > 1 ? "processes" : "process"}` : "";
    const how = processes > 1 ? ` (${run.transport})` : "";
    const where = `backend ${run.backend}${many}${how}`;
    terminal.print(`${terminal.paint("bold", run.model)}  ${params}  ${where}  seed ${run.seed}`);
    const counts = [
      `${formatInteger(run.trainImages)} train`,
      ...(run.valImages > 0 ? [`${formatInteger(run.valImages)} val`] : []),
    ];
    const images = `${counts.join(" and ")} images`;
    terminal.print(
      `data ${[run.data].flat().map(this.#showPath).join(", ")}: ${images} of ${run.numClasses} classes, decoder ${run.decoder}`,
    );
    const { recipe, totalSteps, stepsPerEpoch, startStep } = run;
    const length = `${run.epochs} epochs of ${formatInteger(stepsPerEpoch)} steps of ${[replicas, recipe.accumulate ?? 1].flatMap((n) => (n > 1 ? [`${n} × `] : [])).join("")}${recipe.batchSize} images`;
    const isCut = totalSteps < run.epochs * stepsPerEpoch;
    const end = isCut ? `, ends after step ${formatInteger(totalSteps)}` : "";
    terminal.print(`recipe ${recipe.name} (${recipe.source}): ${length}${end}`);
    if (startStep > 0) terminal.print(`goes on after step ${formatInteger(startStep)}`);
    terminal.print(`run folder ${this.#showPath(run.out)}`);
  }

  onStep(step: StepInfo): void {
    const progress = this.#progress;
    const terminal = this.#terminal;
    if (!progress) return;
    progress.addStep(step);
    const isFirst = step.step === progress.run.startStep + 1;
    const isLast = step.stepInEpoch === progress.run.stepsPerEpoch || step.step === progress.run.totalSteps;
    if (terminal.isLive) {
      this.#flushEpoch();
      if (isLast) this.#epochLine = this.#liveLine(step, progress);
      if (isLast || this.#isDue(REDRAW_MS)) terminal.update(this.#liveLine(step, progress));
    } else if (isFirst || isLast || this.#isDue(this.#plainEveryMs)) {
      this.#shownAt = this.#now();
      terminal.print(plainLine(step, progress));
    }
  }

  onEvalProgress({ done, total }: EvalProgress): void {
    const terminal = this.#terminal;
    if (!terminal.isLive || !(done === total || this.#isDue(REDRAW_MS))) return;
    terminal.update(
      `validating  ${terminal.paint("cyan", progressBar(done / total, Math.min(BAR_WIDTH, terminal.width - 24)))}  ${done}/${total}`,
    );
  }

  onValidation(info: ValidationInfo): void {
    const progress = this.#progress;
    const terminal = this.#terminal;
    if (!progress) return;
    progress.addValidation(info);
    const { loss, accuracy } = progress.epochMeans;
    const fields = [
      field(0, terminal.paint("bold", `epoch ${info.epoch}/${progress.run.epochs}`)),
      field(2, `step ${info.step}`),
      field(2, `train loss ${formatLoss(loss)}`),
      field(3, `top1 ${formatPercent(accuracy)}`),
      field(1, `val loss ${formatLoss(info.loss)}`),
      field(0, terminal.paint("green", `val top1 ${formatPercent(info.top1)}`)),
      ...(isTop5Telling(progress.run.numClasses) ? [field(1, `top5 ${formatPercent(info.top5)}`)] : []),
      ...(info.macroF1 === undefined ? [] : [field(1, `F1 ${formatPercent(info.macroF1)}`)]),
      ...(info.raw ? [field(1, `raw ${formatPercent(info.raw.top1)}`)] : []),
      field(4, formatDuration(this.#now() - this.#epochStartedAt)),
    ];
    terminal.print(this.#fitted(fields));
    this.#epochLine = undefined;
    this.#epochStartedAt = this.#now();
  }

  onNotice(text: string): void {
    this.#terminal.print(text);
  }

  onEnd(): void {
    const progress = this.#progress;
    const terminal = this.#terminal;
    terminal.clear();
    this.#flushEpoch();
    const points = progress?.curve.points ?? [];
    if (points.length > 1) {
      const width = Math.max(10, Math.min(60, terminal.width - 24));
      const ends = `${formatLoss(points[0]!)} -> ${formatLoss(progress!.loss)}`;
      terminal.print(`loss ${terminal.paint("cyan", sparkline(points, width))} ${ends}`);
    }
  }

  /** An epoch that was not validated leaves its last live line behind. */
  #flushEpoch(): void {
    if (this.#epochLine !== undefined) this.#terminal.print(this.#epochLine);
    this.#epochLine = undefined;
  }

  #liveLine(step: StepInfo, progress: Progress): string {
    const terminal = this.#terminal;
    const { run } = progress;
    const share = step.stepInEpoch / run.stepsPerEpoch;
    const room = terminal.width - 1;
    const bar = (width: number) => terminal.paint("cyan", progressBar(share, width));
    const head = field(0, terminal.paint("bold", `epoch ${step.epoch}/${run.epochs}`));
    const counter = field(1, `${step.stepInEpoch}/${run.stepsPerEpoch}`);
    return fitFields([head, field(4, bar(BAR_WIDTH)), counter, ...readings(step, progress)], room);
  }

  /** As wide as the terminal; a pipe takes everything. */
  #fitted(fields: readonly Field[]): string {
    return fitFields(fields, this.#terminal.isLive ? this.#terminal.width : Number.POSITIVE_INFINITY);
  }

  #isDue(everyMs: number): boolean {
    const now = this.#now();
    if (now - this.#shownAt < everyMs) return false;
    this.#shownAt = now;
    return true;
  }
}

const field = (rank: number, text: string): Field => ({ rank, text });

/** The running figures of a step. */
function readings(step: StepInfo, progress: Progress): Field[] {
  const eta = progress.remainingMs(step.step);
  const { imagesPerSecond, dataWait, exchange, rankSpread } = progress;
  return [
    field(0, `loss ${formatLoss(progress.loss)}`),
    field(1, `top1 ${formatPercent(progress.accuracy)}`),
    field(5, `lr ${formatRate(step.lr)}`),
    field(3, Number.isNaN(imagesPerSecond) ? "" : `${formatSpeed(imagesPerSecond)} img/s`),
    field(6, Number.isNaN(dataWait) ? "" : `data wait ${dataWait.toFixed(0)} %`),
    field(7, Number.isNaN(exchange) ? "" : `exchange ${exchange.toFixed(1)} %`),
    field(8, Number.isNaN(rankSpread) ? "" : `rank spread ${rankSpread.toFixed(0)} %`),
    field(2, Number.isNaN(eta) ? "" : `eta ${formatDuration(eta)}`),
  ];
}

function plainLine(step: StepInfo, progress: Progress): string {
  const { epochs, stepsPerEpoch } = progress.run;
  const place = `epoch ${step.epoch}/${epochs}  step ${step.stepInEpoch}/${stepsPerEpoch}`;
  return [place, ...readings(step, progress).flatMap(({ text }) => (text === "" ? [] : [text]))].join("  ");
}
