/** A project's improvement under way: events for the page, checkpoints in its storage, pause and stop. */
import type { PictureInfo, RunInfo } from "../protocol.js";
import { accuracyOn, confusionOf, likeliest, probabilitiesOf } from "./answers.js";
import { Fault } from "./fault.js";
import type { ReadPicture } from "./improve/inputs.js";
import type { Plan } from "./improve/plan.js";
import { improve } from "./improve/training.js";
import type { Network } from "./network/network.js";
import type { Project } from "./project.js";
import type { Sealed } from "./storage/sealed.js";
import type { Tell } from "./tell.js";

/** Between two checkpoints in storage: they are some megabytes. */
const SAVE_MS = 5000;
/** Between two events of steps: a page draws no more of them. */
const STEP_MS = 100;
/** Up to so many, all pictures are answered after each epoch; of more, those of validation. */
const MOST_ANSWERED = 64;

export type Ending = "paused" | "stopped";

export interface ImprovingParts {
  readonly project: Project;
  readonly network: Network;
  readonly read: ReadPicture;
  /** Of the training's state. */
  readonly file: Sealed;
  readonly tell: Tell;
  /** Work that waits for the engine; called between two steps. */
  readonly between: () => Promise<void>;
  /** The network has learnt: called before its checkpoint goes, so that what it has learnt is in storage throughout. */
  readonly adopt: () => Promise<void>;
}

export class Improving {
  readonly #parts: ImprovingParts;
  readonly #abort = new AbortController();
  #ending: Ending = "paused";
  #ended: Promise<unknown> = Promise.resolve();

  constructor(parts: ImprovingParts) {
    this.#parts = parts;
  }

  /** Ends it after the step under way, and waits for that. */
  async end(how: Ending): Promise<void> {
    this.#ending = how;
    this.#abort.abort();
    await this.#ended.catch(() => {});
  }

  /** Begins, or goes on from `resume`; a training that fails is paused where it was saved. */
  run(plan: Plan, resume: Uint8Array | null): Promise<RunInfo> {
    const running = this.#run(plan, resume);
    this.#ended = running;
    return running;
  }

  async #run(plan: Plan, resume: Uint8Array | null) {
    const { project, network, read, file, tell, between, adopt } = this.#parts;
    const pictures = project.state().pictures;
    const samples = pictures.filter(({ side }) => side === "train").map(({ id, class: own }) => ({ id, class: own! }));
    const labelled = pictures.filter(({ side }) => side !== null);
    const validation = labelled.filter(({ side }) => side === "val");
    const evaluated = validation.length > 0 && labelled.length > MOST_ANSWERED ? validation : labelled;
    const steps = plan.stepsPerEpoch * plan.epochs;
    const first = project.record.run?.info.step ?? 0;
    let info: RunInfo = {
      stage: plan.stage,
      state: "running",
      epoch: Math.floor(first / plan.stepsPerEpoch),
      epochs: plan.epochs,
      step: first,
      steps,
    };
    const note = (change: Partial<RunInfo>): void => {
      info = { ...info, ...change };
      project.change({ run: { info, plan } });
    };
    note({});
    tell("run", info);
    await project.save();

    let pending: Uint8Array | null = null;
    let savedAt = performance.now();
    const save = async (): Promise<void> => {
      if (!pending) return;
      const bytes = pending as Uint8Array<ArrayBuffer>;
      await file.write(bytes);
      await project.save();
      pending = null;
      savedAt = performance.now();
      tell("saved", { epoch: info.epoch, step: info.step, bytes: bytes.length });
    };

    const begin = performance.now();
    let toldAt = 0;
    let lossSum = 0;
    let losses = 0;
    let epochAt = begin;
    const { stopped } = await improve(
      { network, plan, samples, evaluated: evaluated.map(({ id }) => id), read },
      {
        signal: this.#abort.signal,
        ...(resume && { resume }),
        onStep: async ({ step, loss, stepMs }) => {
          lossSum += loss;
          losses += 1;
          note({ step, epoch: Math.floor(step / plan.stepsPerEpoch) });
          const now = performance.now();
          if (now - toldAt >= STEP_MS || step === steps) {
            toldAt = now;
            const doneMs = now - begin;
            const share = step - first;
            const images = (share * samples.length) / plan.stepsPerEpoch;
            tell("step", {
              stage: plan.stage,
              n: step,
              of: steps,
              loss,
              ms: stepMs,
              imagesPerSecond: (images / doneMs) * 1000,
              leftMs: (doneMs / share) * (steps - step),
            });
          }
          await between();
        },
        onState: async (state) => {
          pending = state;
          if (performance.now() - savedAt >= SAVE_MS) await save();
        },
        onEpoch: async (epoch, logits) => {
          note({ epoch });
          tell("run", info);
          const now = performance.now();
          this.#tellEpoch(evaluated, logits, { loss: lossSum / Math.max(1, losses), ms: now - epochAt, plan });
          [lossSum, losses, epochAt] = [0, 0, now];
          // asked for once there is something to lose; whether it is granted is the browser's
          if (epoch === 1) await navigator.storage?.persist?.().catch(() => false);
        },
      },
      (how) => how === "finished" || this.#ending === "stopped",
    ).catch(async (error: unknown) => {
      note({ state: "paused" });
      tell("run", info);
      // the disk may be what failed
      await project.save().catch(() => {});
      throw error;
    });
    const state = stopped === "finished" ? "finished" : this.#ending;
    if (state !== "paused") await adopt();
    note({ state });
    if (state !== "finished") await save();
    await project.save();
    if (state === "finished") await file.remove();
    tell("run", info);
    return info;
  }

  #tellEpoch(
    pictures: readonly PictureInfo[],
    logits: Float32Array,
    { loss, ms, plan }: { readonly loss: number; readonly ms: number; readonly plan: Plan },
  ): void {
    const { project, tell } = this.#parts;
    const { classes, curve } = project.record;
    const scores = probabilitiesOf(logits, classes.length);
    const best = likeliest(scores, classes.length);
    const isAll = pictures.some(({ side }) => side === "train");
    const point = {
      stage: plan.stage,
      index: curve.length + 1,
      loss,
      trainAccuracy: isAll ? accuracyOn("train", pictures, best) : null,
      valAccuracy: accuracyOn("val", pictures, best),
      pictures: pictures.length,
      ms,
    };
    project.change({ curve: [...curve, point] });
    tell("epoch", { point, confusion: confusionOf(pictures, best, classes.length) });
  }
}

/** Throws a Fault where there is nothing that could be trained on. */
export function expectTrainable(pictures: readonly PictureInfo[]): void {
  const training = pictures.filter(({ side }) => side === "train");
  const classes = new Set(training.map((picture) => picture.class));
  if (classes.size >= 2) return;
  throw new Fault(
    "bad-request",
    `${classes.size} ${classes.size === 1 ? "class has" : "classes have"} pictures to train on, expected two at least`,
    "drop a folder for each class, or give pictures a class",
  );
}
