/** The measured tasks of a training step, in this checkout or in another compiled one. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../paths.js";
import type { TaskTimes } from "../task-player.js";
import type { StepWork } from "./work.js";

/** The tasks of S4's step, 30,000 numbers, in JSON. */
const MOST_OUTPUT_BYTES = 256e6;

/** Rejects where the checkout's step fails, or `signal` fires. */
export async function measureTasks(
  checkout: string,
  work: StepWork,
  rounds: number,
  signal?: AbortSignal,
): Promise<TaskTimes> {
  const player = join(repositoryRoot, "build", "bench", "task-player.js");
  const args = [player, checkout, JSON.stringify(work), String(rounds)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MOST_OUTPUT_BYTES, signal });
  return JSON.parse(stdout) as TaskTimes;
}
