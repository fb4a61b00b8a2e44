/** log.jsonl as curves, read at once. Node only. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { LogCurves, type StepPoint, type ValidationPoint } from "./log-curves.js";

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

/** The log at `path`; null where there is none. */
export async function readLog(path: string): Promise<RunLog | null> {
  const curves = new LogCurves();
  try {
    for await (const line of createInterface({
      input: createReadStream(path, "utf8"),
      crlfDelay: Number.POSITIVE_INFINITY,
    }))
      curves.add(line);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const { validations, steps, lastStep, lastEpoch, lastLoss, stepMs } = curves;
  return { points: curves.points(), validations, steps, lastStep, lastEpoch, lastLoss, stepMs };
}
