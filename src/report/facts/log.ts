/**
 * log.jsonl as curves: steps in bounded memory, whatever the length of the run, and every validation. Lines that are no JSON, and
 * numbers that are none, are passed over.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** What a line of kind "train" holds that a curve is drawn of. */
export const stepColumns = ["loss", "lr", "weightDecay", "imagesPerSecond", "dataWait"] as const;
export type StepColumn = (typeof stepColumns)[number];

/** Means over neighbouring steps; `step` is the last of them. */
export interface StepPoint {
  readonly step: number;
  readonly epoch: number;
  /** NaN where no step had a finite number. */
  readonly values: Readonly<Record<StepColumn, number>>;
}

/** A line of kind "val": figures by name, such as top1, loss, rawTop1. */
export interface ValidationPoint {
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  readonly figures: Readonly<Record<string, number>>;
}

export interface RunLog {
  readonly points: readonly StepPoint[];
  readonly validations: readonly ValidationPoint[];
  /** Lines of kind "train". */
  readonly steps: number;
  readonly lastStep: number;
  /** From 1, of the last step. */
  readonly lastEpoch: number;
  /** Of the last step. */
  readonly lastLoss: number;
  /** Sum of the steps' times. */
  readonly stepMs: number;
}

/** Points at most: as many as a curve of 1,000 px tells apart. */
const MOST_POINTS = 1000;

/** A point under way: sums and counts, since a number of a step may be missing. */
interface Bin {
  step: number;
  epoch: number;
  steps: number;
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/** Equal numbers of steps a point; when full, neighbours are joined. */
class Bins {
  #done: Bin[] = [];
  #open: Bin | undefined;
  #perPoint = 1;

  add(step: number, epoch: number, values: readonly number[]): void {
    this.#open ??= {
      step,
      epoch,
      steps: 0,
      sums: new Float64Array(values.length),
      counts: new Float64Array(values.length),
    };
    const bin = this.#open;
    [bin.step, bin.epoch] = [step, epoch];
    bin.steps++;
    values.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      bin.sums[i]! += value;
      bin.counts[i]! += 1;
    });
    if (bin.steps < this.#perPoint) return;
    this.#done.push(bin);
    this.#open = undefined;
    if (this.#done.length >= 2 * MOST_POINTS) this.#halve();
  }

  #halve(): void {
    const joined: Bin[] = [];
    for (let i = 0; i + 1 < this.#done.length; i += 2) {
      const [first, second] = [this.#done[i]!, this.#done[i + 1]!];
      first.sums.forEach((sum, at) => {
        second.sums[at]! += sum;
        second.counts[at]! += first.counts[at]!;
      });
      second.steps += first.steps;
      joined.push(second);
    }
    this.#done = joined;
    this.#perPoint *= 2;
  }

  points(): StepPoint[] {
    return [...this.#done, ...(this.#open ? [this.#open] : [])].map(({ step, epoch, sums, counts }) => ({
      step,
      epoch,
      values: Object.fromEntries(
        stepColumns.map((name, i) => [name, counts[i]! > 0 ? sums[i]! / counts[i]! : Number.NaN]),
      ) as Record<StepColumn, number>,
    }));
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

/** The log at `path`; null where there is none. */
export async function readLog(path: string): Promise<RunLog | null> {
  const bins = new Bins();
  const validations: ValidationPoint[] = [];
  // logs of earlier versions count epochs from 0
  let first: number | null = null;
  const epochOf = (row: Row): number => {
    first ??= numberIn(row, "epoch");
    return numberIn(row, "epoch") + (first === 0 ? 1 : 0);
  };
  let [steps, lastStep, lastEpoch, lastLoss, stepMs] = [0, 0, 0, Number.NaN, 0];
  try {
    for await (const line of createInterface({
      input: createReadStream(path, "utf8"),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      const row = parsed(line);
      if (row?.kind === "train" && Number.isSafeInteger(row.step)) {
        lastStep = numberIn(row, "step");
        lastEpoch = epochOf(row);
        lastLoss = numberIn(row, "loss");
        steps++;
        // the first step of a process compiles, and counts all the same
        stepMs += numberIn(row, "stepMs") || 0;
        bins.add(
          lastStep,
          lastEpoch,
          stepColumns.map((name) => numberIn(row, name)),
        );
      } else if (row?.kind === "val") {
        const figures = Object.entries(row).filter(
          (entry): entry is [string, number] => typeof entry[1] === "number" && !places.has(entry[0]),
        );
        // a validation stands after its last step
        const step = Number.isSafeInteger(row.step) ? numberIn(row, "step") : lastStep;
        validations.push({ step, epoch: epochOf(row), figures: Object.fromEntries(figures) });
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return { points: bins.points(), validations, steps, lastStep, lastEpoch, lastLoss, stepMs };
}
