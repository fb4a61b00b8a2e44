/**
 * The lines of a log.jsonl as curves, line by line as they come: steps in bounded memory, whatever the length of the run, and every
 * validation. Lines that are no JSON, and numbers that are none, are passed over. Knows no files: a tab reads dropped logs by it.
 */

/** What a line of kind "train" holds that a curve is drawn of. */
export const stepColumns = ["loss", "lr", "weightDecay", "imagesPerSecond", "dataWait"] as const;
export type StepColumn = (typeof stepColumns)[number];

/** Means over neighbouring steps; `step` is the last of them. */
export interface StepPoint {
  readonly step: number;
  readonly epoch: number;
  /** Sum of the times of all steps up to this one. */
  readonly elapsedMs: number;
  /** NaN where no step had a finite number. */
  readonly values: Readonly<Record<StepColumn, number>>;
}

/** A line of kind "val": figures by name, such as top1, loss, rawTop1. */
export interface ValidationPoint {
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** As of its step. */
  readonly elapsedMs: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** Points at most: as many as a curve of 1,000 px tells apart. */
const MOST_POINTS = 1000;

/** Numbers of a point in memory: last step, last epoch, time; then a sum and a count for each column, since a step may lack one. */
const [STEP, EPOCH, ELAPSED, SUMS] = [0, 1, 2, 3] as const;
const COUNTS = SUMS + stepColumns.length;
const WIDTH = COUNTS + stepColumns.length;
/** Points that memory is first taken for. */
const FIRST_ROOM = 64;

/** Equal numbers of steps a point; when full, neighbours are joined. */
class Bins {
  readonly #most: number;
  #rows = new Float64Array(FIRST_ROOM * WIDTH);
  /** Points that are complete; one that is under way stands behind them. */
  #done = 0;
  #openSteps = 0;
  #perPoint = 1;

  constructor(most: number) {
    this.#most = most;
  }

  add(step: number, epoch: number, elapsedMs: number, values: readonly number[]): void {
    const at = this.#done * WIDTH;
    if (at + WIDTH > this.#rows.length) this.#grow();
    const rows = this.#rows;
    rows[at + STEP] = step;
    rows[at + EPOCH] = epoch;
    rows[at + ELAPSED] = elapsedMs;
    values.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      rows[at + SUMS + i]! += value;
      rows[at + COUNTS + i]! += 1;
    });
    if (++this.#openSteps < this.#perPoint) return;
    this.#done++;
    this.#openSteps = 0;
    if (this.#done >= 2 * this.#most) this.#halve();
  }

  #grow(): void {
    const larger = new Float64Array(2 * this.#rows.length);
    larger.set(this.#rows);
    this.#rows = larger;
  }

  #halve(): void {
    const pairs = Math.floor(this.#done / 2);
    const rows = this.#rows;
    for (let i = 0; i < pairs; i++) join(rows, 2 * i, 2, rows, i);
    rows.fill(0, pairs * WIDTH);
    this.#done = pairs;
    this.#perPoint *= 2;
  }

  /** At most `most`, by joining neighbours once more. */
  points(most: number): StepPoint[] {
    const count = this.#done + (this.#openSteps > 0 ? 1 : 0);
    const perPoint = Math.max(1, Math.ceil(count / most));
    const joined = new Float64Array(WIDTH);
    return Array.from({ length: Math.ceil(count / perPoint) }, (_, i) => {
      join(this.#rows, i * perPoint, Math.min(perPoint, count - i * perPoint), joined, 0);
      const meanOf = (column: number): number => joined[SUMS + column]! / joined[COUNTS + column]!;
      return {
        step: joined[STEP]!,
        epoch: joined[EPOCH]!,
        elapsedMs: joined[ELAPSED]!,
        values: Object.fromEntries(stepColumns.map((name, at) => [name, meanOf(at)])) as Record<StepColumn, number>,
      };
    });
  }
}

/** Writes `count` neighbours from `first` on as the one point `to`, which may be the first of them or stand before it. */
function join(from: Float64Array, first: number, count: number, into: Float64Array, to: number): void {
  for (let column = 0; column < WIDTH; column++) {
    let value = from[(first + count - 1) * WIDTH + column]!;
    if (column >= SUMS) for (let i = 0; i < count - 1; i++) value += from[(first + i) * WIDTH + column]!;
    into[to * WIDTH + column] = value;
  }
}

type Row = Readonly<Record<string, unknown>>;

function parsed(line: string): Row | null {
  try {
    const row: unknown = JSON.parse(line);
    return typeof row === "object" && row !== null ? (row as Row) : null;
  } catch {
    return null;
  }
}

const numberIn = (row: Row, name: string): number => {
  const value = row[name];
  return typeof value === "number" ? value : Number.NaN;
};

/** Names of a validation's line that are no figures. */
const places = new Set(["kind", "epoch", "step"]);

/** A log as far as it was read. */
export class LogCurves {
  readonly #bins: Bins;
  readonly validations: ValidationPoint[] = [];
  /** Lines of kind "train". */
  steps = 0;
  lastStep = 0;
  /** From 1, of the last step. */
  lastEpoch = 0;
  /** Of the last step. */
  lastLoss = Number.NaN;
  /** Of the last step. */
  lastSpeed = Number.NaN;
  /** Sum of the steps' times. */
  stepMs = 0;
  /** As the first epoch that ended tells; null before. */
  stepsPerEpoch: number | null = null;
  /** Logs of earlier versions count epochs from 0. */
  #first: number | null = null;

  /** `most`: points that are kept at least, once a run is long enough; twice as many at most. */
  constructor(most = MOST_POINTS) {
    this.#bins = new Bins(most);
  }

  /** The next line, without its end. */
  add(line: string): void {
    const row = parsed(line);
    if (row?.kind === "train" && Number.isSafeInteger(row.step)) this.#addStep(row);
    else if (row?.kind === "val") this.#addValidation(row);
  }

  #addStep(row: Row): void {
    const epoch = this.#epochOf(row);
    if (epoch > this.lastEpoch && this.lastEpoch > 0) this.stepsPerEpoch ??= this.lastStep / this.lastEpoch;
    this.lastEpoch = epoch;
    this.lastStep = numberIn(row, "step");
    this.lastLoss = numberIn(row, "loss");
    this.lastSpeed = numberIn(row, "imagesPerSecond");
    this.steps++;
    // the first step of a process compiles, and counts all the same
    this.stepMs += numberIn(row, "stepMs") || 0;
    const values = stepColumns.map((name) => numberIn(row, name));
    this.#bins.add(this.lastStep, epoch, this.stepMs, values);
  }

  #addValidation(row: Row): void {
    const figures = Object.entries(row).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number" && !places.has(entry[0]),
    );
    // a validation stands after its last step
    const step = Number.isSafeInteger(row.step) ? numberIn(row, "step") : this.lastStep;
    const place = { step, epoch: this.#epochOf(row), elapsedMs: this.stepMs };
    this.validations.push({ ...place, figures: Object.fromEntries(figures) });
  }

  #epochOf(row: Row): number {
    this.#first ??= numberIn(row, "epoch");
    return numberIn(row, "epoch") + (this.#first === 0 ? 1 : 0);
  }

  /** At most `most` of them, each the mean of its neighbours; without it all that are kept. */
  points(most = Number.POSITIVE_INFINITY): StepPoint[] {
    return this.#bins.points(most);
  }
}
