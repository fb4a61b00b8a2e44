/**
 * All processes have to be about the same run and hold the same weights: how a run asks it of its group.
 */
import type { CheckpointHeader } from "./checkpoints/checkpoint-format.js";
import { expectSameFingerprint, expectSameRun, fingerprint } from "./replicas/agreement.js";
import type { ProcessGroup } from "./replicas/process-group.js";
import type { RunData } from "./run-data.js";
import type { TrainOptions } from "./run-options.js";
import type { Session } from "./steps/session.js";

/** Before the first step, which would mix two runs. Throws DistributedError. */
export async function expectOneRun(
  group: ProcessGroup,
  asked: TrainOptions,
  header: CheckpointHeader,
  data: RunData,
): Promise<void> {
  if (group.worldSize === 1) return;
  const { validate = true, validateRaw = false, maxSteps = null, checkEvery = null, decoder = null } = asked;
  const { valImages } = data;
  // what was asked for: by default machines may have decoders of different names and the same pixels
  const options = { validate, validateRaw, maxSteps, checkEvery, decoder };
  await expectSameRun(group, { ...header, ...options, valImages, data: data.fingerprints() });
}

/** Throws DistributedError where ranks hold different weights. */
export async function expectEqualWeights(group: ProcessGroup, session: Session, what: string): Promise<void> {
  if (group.worldSize === 1) return;
  await expectSameFingerprint(group, await fingerprint(session.sharedState()), what);
}
