/**
 * What a run begins with: the first weights, or everything from a checkpoint, which rank 0 reads for all.
 */
import type { BestModelFiles } from "./checkpoints/best-model.js";
import type { CheckpointFolder } from "./checkpoints/checkpoint.js";
import { expectStorable } from "./checkpoints/checkpoint-fields.js";
import { type CheckpointHeader, restoreCheckpoint } from "./checkpoints/checkpoint-format.js";
import { loadFirstWeights } from "./checkpoints/first-weights.js";
import type { LoggerSet } from "./logger-set.js";
import { broadcastBytes, broadcastJson } from "./replicas/agreement.js";
import type { ProcessGroup } from "./replicas/process-group.js";
import type { RunData } from "./run-data.js";
import { compareDecoders } from "./run-decoder.js";
import type { TrainOptions } from "./run-options.js";
import { RunPictures } from "./run-pictures.js";
import type { Session } from "./steps/session.js";

/** The parts of a run that its begin needs. */
export interface Beginning {
  readonly options: TrainOptions;
  readonly group: ProcessGroup;
  readonly session: Session;
  readonly header: CheckpointHeader;
  readonly data: RunData;
  readonly checkpoints: CheckpointFolder;
  readonly best: BestModelFiles;
  readonly loggers: LoggerSet;
}

/** Fills the session, on all ranks. Throws UsageError, CheckpointError, StateDictError and DistributedError. */
export async function beginRun(run: Beginning): Promise<void> {
  expectStorable(run.header);
  const { options, data, checkpoints, session, loggers } = run;
  const { stepsPerEpoch } = session;
  const allow = options.allowChangedData ?? false;
  const pictures = new RunPictures(data.sets, checkpoints, {
    allow,
    stepsPerEpoch,
    notice: (text) => loggers.notice(text),
  });
  if (options.resume === undefined) await takeFirstWeights(run);
  else await goOn(run, options.resume === true ? null : options.resume, pictures);
  // rank 0 alone reads and writes checkpoints
  if (run.group.rank === 0) await pictures.look();
}

async function takeFirstWeights(run: Beginning): Promise<void> {
  const { init, data, allowOtherClasses: allow = false } = run.options;
  if (init === undefined) return;
  const { classes, areClassesNamed } = run.data;
  const own = { where: String(data), names: areClassesNamed ? classes : null, count: classes.length };
  await loadFirstWeights(run.session.model, init, own, { allow }, (text) => run.loggers.notice(text));
}

async function goOn(run: Beginning, named: string | null, pictures: RunPictures): Promise<void> {
  const { group, session, header, checkpoints, best, loggers } = run;
  const notice = (text: string) => loggers.notice(text);
  const { allowOtherClasses: allow = false, allowChangedData: allowOtherData = false } = run.options;
  const check = { allow, allowOtherData, data: pictures };
  const found = group.rank === 0 ? await checkpoints.find(named, header, notice, check) : null;
  const file = await broadcastJson(group, found?.file ?? null);
  const bytes = await broadcastBytes(group, found?.bytes ?? null);
  restoreCheckpoint({ file: file!, bytes }, session);
  if (group.rank === 0) await best.check(session);
  const other = found && compareDecoders(found.file, header.decoder);
  if (other) notice(other);
  if (found) notice(`resumed ${found.path} at step ${session.step}`);
}
