/**
 * A run whose device is lost goes on with a new one, from its last checkpoint to the bits of a run that lost none: whoever trains says how
 * a new device is had. What was on the lost one is gone, and nothing of it is saved.
 */
import { join } from "node:path";
import { DeviceLostError, TensoroneError } from "../util/errors.js";
import { shownPath } from "../util/shown-path.js";
import { listCheckpoints } from "./checkpoints/checkpoint.js";
import type { TrainOptions, TrainResult } from "./run-options.js";

/** Losses in a row without a new checkpoint between them, from which on a device is not to be had. */
const MOST_IN_VAIN = 3;

const newestIn = async (out: string): Promise<string> =>
  (await listCheckpoints(join(out, "checkpoints")))[0]?.path ?? "";

/** Calls `run`, again where its device was lost and `onDeviceLost` gives another one. Throws what `run` throws otherwise. */
export async function throughLosses(
  options: TrainOptions,
  run: (options: TrainOptions) => Promise<TrainResult>,
): Promise<TrainResult> {
  const { onDeviceLost, group, out, loggers } = options;
  if (!onDeviceLost || (group && group.worldSize > 1)) return run(options);
  const { init: _, ...withoutInit } = options;
  // what lies there already is another run's, unless this one goes on from it
  const foreign = options.resume === undefined ? await newestIn(out) : "";
  let now = options;
  let newest = foreign;
  for (let inVain = 1; ; inVain++)
    try {
      return await run(now);
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
      const found = await newestIn(out);
      if (found !== newest) inVain = 0;
      else if (inVain >= MOST_IN_VAIN) throw error;
      newest = found;
      await renewed(onDeviceLost, error);
      const isOwn = newest !== "" && newest !== foreign;
      if (isOwn) now = { ...withoutInit, resume: true };
      const from = isOwn ? shownPath(newest.replace(/\.json$/, ".safetensors")) : "its begin";
      for (const logger of loggers) logger.onNotice?.(`${error.summary}; a new one goes on from ${from}`);
    }
}

async function renewed(open: NonNullable<TrainOptions["onDeviceLost"]>, lost: DeviceLostError): Promise<void> {
  try {
    await open(lost);
  } catch (problem) {
    const why = problem instanceof TensoroneError ? problem.summary : String(problem);
    throw new DeviceLostError(`${lost.summary}; no other one: ${why}`, lost.hint);
  }
}
