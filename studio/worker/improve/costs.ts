/** What each improvement would take on this machine: some steps of each, measured, and nothing kept of them. */
import type { StageCost, TrainChoices } from "../../protocol.js";
import type { Network } from "../network/network.js";
import type { ReadPicture, Sample } from "./inputs.js";
import { planOf } from "./plan.js";
import type { DeepStage } from "./stages.js";
import { improve } from "./training.js";

const deepStages: readonly DeepStage[] = ["stage4", "halfStage3", "stage3", "all"];
/** The first step records, the others are timed. */
const STEPS = 3;

export interface CostSubject {
  readonly network: Network;
  readonly samples: readonly Sample[];
  readonly read: ReadPicture;
  readonly choices?: TrainChoices;
  /** Bytes that the worker holds besides. */
  readonly heldBytes: number;
}

async function costOf(
  stage: DeepStage,
  { network, samples, read, choices, heldBytes }: CostSubject,
): Promise<StageCost> {
  const subject = { model: network.info.model, images: network.images, pictures: samples.length };
  const plan = planOf(stage, subject, choices);
  // one batch is enough; the frozen part's time is by the picture
  const some = samples.slice(0, plan.batchSize);
  const measured = { ...plan, views: 1, stepsPerEpoch: 1 };
  const times: number[] = [];
  const { onceMs, bytes } = await improve(
    { network, plan: measured, samples: some, evaluated: [], read },
    { maxSteps: STEPS, onStep: ({ stepMs }) => void times.push(stepMs) },
    () => false,
  );
  const stepMs = Math.min(...times.slice(1));
  return {
    stage,
    onceMs: (onceMs / some.length) * samples.length * (plan.views + 1),
    epochMs: stepMs * plan.stepsPerEpoch,
    epochs: plan.epochs,
    bytes: bytes + heldBytes,
  };
}

export async function costsOf(subject: CostSubject): Promise<StageCost[]> {
  const costs: StageCost[] = [];
  for (const stage of deepStages) costs.push(await costOf(stage, subject));
  return costs;
}
