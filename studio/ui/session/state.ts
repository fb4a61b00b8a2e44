/** The project as the page shows it: one signal for each thing that the worker tells. Written by `events.ts` alone. */
import { batch, computed, signal } from "@preact/signals";
import type {
  BaseInfo,
  Confusion,
  CurvePoint,
  Events,
  Failure,
  Machine,
  PictureInfo,
  PixelChain,
  RunInfo,
  StageCost,
} from "../../protocol.js";

/** What the model answers to a picture, as it stands. */
export interface PictureAnswer {
  /** Index into the classes of the project. */
  readonly class: number;
  /** Its probability, 0 to 1. */
  readonly score: number;
  /** Of all classes. */
  readonly scores: Float32Array;
  /** Place among all pictures, wrong answers of high confidence first. */
  readonly rank: number;
}

/** A step of the training that runs, for the live curve. */
export interface LivePoint {
  /** On the axis of the epochs. */
  readonly at: number;
  readonly loss: number;
}

export const machine = signal<Machine | null>(null);
export const classNames = signal<readonly string[]>([]);
/** Named, but without a picture so far: the worker knows classes by their pictures. */
export const emptyClasses = signal<readonly string[]>([]);
export const pictures = signal<ReadonlyMap<number, PictureInfo>>(new Map());
export const base = signal<BaseInfo | null>(null);
export const pixelChain = signal<PixelChain | null>(null);
export const curve = signal<readonly CurvePoint[]>([]);
export const live = signal<readonly LivePoint[]>([]);
export const run = signal<RunInfo | null>(null);
export const lastStep = signal<Events["step"] | null>(null);
export const answers = signal<ReadonlyMap<number, PictureAnswer>>(new Map());
export const confusion = signal<Confusion | null>(null);
export const memory = signal<Events["memory"] | null>(null);
export const saved = signal<Events["saved"] | null>(null);
export const decoding = signal<{ readonly done: number; readonly of: number } | null>(null);
export const costs = signal<readonly StageCost[] | null>(null);
export const notices = signal<readonly string[]>([]);
export const canUndo = signal(false);
export const failure = signal<Failure | null>(null);
/** Said to screen readers, once an epoch and after what a person did. */
export const spoken = signal("");

/** Classes that pictures have, then those that have none yet. */
export const allClasses = computed(() => [
  ...classNames.value,
  ...emptyClasses.value.filter((name) => !classNames.value.includes(name)),
]);
export const isRunning = computed(() => run.value?.state === "running");
/** Whether there is a model: of two classes at least. */
export const hasModel = computed(() => answers.value.size > 0);

/** Whether the answer is another class than the label. */
export const isWrong = (picture: PictureInfo): boolean => {
  const answer = answers.value.get(picture.id);
  return answer !== undefined && picture.class !== null && picture.class !== answer.class;
};

/** After the project was cleared: what the worker does not tell again. */
export function forget(): void {
  batch(() => {
    emptyClasses.value = [];
    answers.value = new Map();
    confusion.value = null;
    live.value = [];
    lastStep.value = null;
    saved.value = null;
    costs.value = null;
    canUndo.value = false;
  });
}
