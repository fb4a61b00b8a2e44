/**
 * One step of a run, whatever its number of replicas and processes: which of the two updates does it, made once.
 */
import type { Batch } from "../../data/reading/loader.js";
import type { StepRates } from "../recipes/schedule.js";
import type { ProcessGroup } from "../replicas/process-group.js";
import type { BatchLossOptions } from "./batch-loss.js";
import { type RankTimes, ReplicaUpdate } from "./replica-update.js";
import type { Session, UpdateResult } from "./session.js";
import { WholeUpdate } from "./whole-update.js";

export interface StepOutcome extends UpdateResult {
  readonly rates: StepRates;
  /** Of this process. */
  readonly dataWaitMs: number;
  /** The largest `stop` that any rank gave. */
  readonly stop: number;
  /** null for one batch in one process. */
  readonly ranks: RankTimes | null;
}

export interface Stepper {
  /** Moves the session one step on. `next` gives the batches of this process's replicas, all of a replica before those of the next one; `stop`, asked at its end, is told to all ranks. */
  step(next: () => Promise<Batch>, stop: () => number): Promise<StepOutcome>;
  /** Takes back what a step that threw has begun, on rank 0; false where the session was already being moved. */
  undo(): boolean;
}

/** One batch of float32 in one process takes the short way: a single recorded program. Both ways give it the same bits. */
export function createStepper(
  session: Session,
  replicas: number,
  group: ProcessGroup,
  options: BatchLossOptions = {},
): Stepper {
  const { accumulate = 1 } = session.recipe;
  // a step that may be left out is told apart from its gradients
  if (replicas > 1 || group.worldSize > 1 || accumulate > 1 || session.scaler) {
    const update = new ReplicaUpdate(session, replicas, group, options);
    return { step: (next, stop) => update.run(next, stop), undo: () => update.undo() };
  }
  const update = new WholeUpdate(session, options);
  let isMoving = false;
  return {
    undo: () => !isMoving,
    async step(next, stop) {
      const batch = await next();
      isMoving = true;
      const result = await update.runLater(batch);
      isMoving = false;
      batch.release();
      return { ...result, dataWaitMs: batch.dataWaitMs, stop: stop(), ranks: null };
    },
  };
}
